//! Keys that an authority lets act for it: responders of OCSP, and the platform's time stamps.

use crate::work::broken;
use base::{Moment, Problem};
use ports::rows::{DelegateRow, delegate_purpose};
use ports::{KeyLabel, View};
use x509::{Certificate, PublicKey};

/// A delegate, opened.
#[derive(Clone, Debug)]
pub struct Delegate {
    /// Its row.
    pub row: DelegateRow,
    /// Its key.
    pub key: KeyLabel,
    /// The public half.
    pub public: PublicKey,
    not_before: Moment,
}

impl Delegate {
    pub(crate) fn open(row: DelegateRow) -> Result<Self, Problem> {
        let unreadable = || broken("a delegate's certificate does not parse");
        let certificate = Certificate::parse(&row.certificate).map_err(|_| unreadable())?;
        let public = certificate.public_key().map_err(|_| unreadable())?;
        let not_before = certificate.not_before();
        let key = row.key_label.parse().map_err(|_| broken("a delegate without a key label"))?;
        Ok(Self { row, key, public, not_before })
    }

    /// Whether it may act now.
    pub fn is_valid(&self, now: Moment) -> bool {
        self.not_before <= now && now <= self.row.not_after
    }
}

/// The newest responder of an authority that may act now.
pub(crate) fn newest_ocsp_delegate(
    view: &mut (impl View + ?Sized),
    authority: i64,
    now: Moment,
) -> Result<Option<Delegate>, Problem> {
    newest(view, (authority, delegate_purpose::OCSP), now)
}

pub(crate) fn newest(
    view: &mut (impl View + ?Sized),
    (authority, purpose): (i64, i64),
    now: Moment,
) -> Result<Option<Delegate>, Problem> {
    let rows = view.newest_delegates(authority, purpose, NEWEST)?;
    let opened = rows.into_iter().map(Delegate::open).collect::<Result<Vec<_>, _>>()?;
    Ok(opened.into_iter().find(|delegate| delegate.is_valid(now)))
}

/// A new one is made before the one in use ends: two overlap at most.
const NEWEST: usize = 4;

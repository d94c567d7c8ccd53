//! What the platform means to sign about its own keys: authorities and their delegates.
//!
//! An intention of this kind says nothing personal and stands in a setting: it is stored before the
//! key is asked, and taken away with the row that it led to. After a crash the same bytes are
//! signed, so a serial number never stands for two certificates.

use crate::certificate_issue::sign_as;
use crate::certificate_named::hex;
use crate::platform::Platform;
use crate::work::{Work, broken};
use authority::profile::Issuer;
use base::Problem;
use ports::{KeyLabel, View};
use x509::{Certificate, assemble};

/// An intention: the key that it is about, and the bytes to be signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Meant {
    /// The subject's key.
    pub(crate) key: KeyLabel,
    /// Its serial number.
    pub(crate) serial: u64,
    /// The bytes.
    pub(crate) tbs: Vec<u8>,
}

impl Meant {
    /// The intention that stands in a setting.
    pub(crate) fn read(
        view: &mut (impl View + ?Sized),
        setting: &str,
    ) -> Result<Option<Self>, Problem> {
        let Some(text) = view.setting(setting)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let unreadable = || broken("a stored intention does not read");
        let [key, serial, tbs] = text.split(' ').collect::<Vec<_>>()[..] else {
            return Err(unreadable());
        };
        Ok(Some(Self {
            key: key.parse().map_err(|_| unreadable())?,
            serial: serial.parse().map_err(|_| unreadable())?,
            tbs: from_hex(tbs).ok_or_else(unreadable)?,
        }))
    }

    /// Stores the intention.
    pub(crate) fn keep(&self, work: &mut Work<'_>, setting: &str) -> Result<(), Problem> {
        let text = format!("{} {} {}", self.key, self.serial, hex(&self.tbs));
        work.tx.set_setting(setting, &text)
    }

    /// Signs it: the certificate in DER.
    pub(crate) fn sign(
        &self,
        platform: &Platform,
        (key, issuer): (&KeyLabel, &Issuer),
    ) -> Result<Vec<u8>, Problem> {
        let signature = sign_as(platform, (key, &issuer.public_key), &self.tbs)?;
        let whole = assemble(&self.tbs, issuer.public_key.algorithm(), &signature);
        Certificate::parse(&whole).map_err(|_| broken("a signed certificate does not parse"))?;
        Ok(whole)
    }
}

/// Takes an intention away, which has become a row.
pub(crate) fn forget(work: &mut Work<'_>, setting: &str) -> Result<(), Problem> {
    work.tx.set_setting(setting, "")
}

/// The setting of the intention to found the authority of this row number.
pub(crate) fn authority_setting(id: i64) -> String {
    format!("authority_meant/{id}")
}

/// The setting of the intention to make a delegate of an authority.
pub(crate) fn delegate_setting(authority: i64, purpose: i64) -> String {
    format!("delegate_meant/{authority}/{purpose}")
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        (!pair.starts_with('+')).then(|| u8::from_str_radix(pair, 16).ok())?
    };
    text.as_bytes().chunks(2).map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(from_hex(&hex(&bytes)), Some(bytes));
        assert_eq!(from_hex(""), Some(Vec::new()));
        for text in ["0", "0g", "+1", "é"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
    }
}

//! Who may do what, for which purpose, and on which legal basis.
//!
//! Authority is one table (`TABLE`). A caller is judged by [`permit`]; the answer is a [`Permit`],
//! a value that can be had in no other way, and every use case asks for one before it shows or
//! changes anything (invariant P1). The permit names the legal basis and the version of the table,
//! and both go into the ledger with the act, so that an auditor can replay the judgement.

mod action;
mod table;

pub use action::Action;
pub use table::{Basis, TABLE, VERSION};

use base::{Actor, Purpose};
use numbers::LocalGovernmentCode;

/// The right of one actor to do one action for one purpose. Made only by [`permit`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Permit {
    actor: Actor,
    action: Action,
    purpose: Purpose,
    basis: &'static Basis,
    concerned: Option<LocalGovernmentCode>,
}

/// Why there is no permit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// No row of the table fits actor, action and purpose.
    NoBasis,
    /// A municipality asked about something that is another's, or that is not known to be its own.
    ForeignMunicipality,
}

/// Judges whether `actor` may do `action` for `purpose` on something that belongs to `concerned`
/// (`None`: to no municipality, or to whichever; a municipality gets no permit for that).
pub fn permit(
    actor: &Actor,
    action: Action,
    purpose: Purpose,
    concerned: Option<LocalGovernmentCode>,
) -> Result<Permit, Refusal> {
    let basis = basis(actor, action, purpose)?;
    let own = actor.municipality();
    if basis.own_only && (own.is_none() || concerned != own) {
        return Err(Refusal::ForeignMunicipality);
    }
    Ok(Permit { actor: actor.clone(), action, purpose, basis, concerned })
}

/// Whether `actor` may ask for a permit at all, before it is looked up whom the act concerns. Gives
/// no right to anything.
pub fn may_ask(actor: &Actor, action: Action, purpose: Purpose) -> Result<(), Refusal> {
    basis(actor, action, purpose).map(drop)
}

fn basis(actor: &Actor, action: Action, purpose: Purpose) -> Result<&'static Basis, Refusal> {
    let fits = |basis: &&Basis| {
        basis.actor == actor.kind() && basis.action == action && basis.purpose == purpose
    };
    TABLE.iter().find(fits).ok_or(Refusal::NoBasis)
}

impl Permit {
    /// Who holds it.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// For what it holds.
    pub const fn action(&self) -> Action {
        self.action
    }

    /// To what end.
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The municipality whose things it is good for; none where the actor is bound to none.
    pub const fn concerned(&self) -> Option<LocalGovernmentCode> {
        self.concerned
    }

    /// The legal basis with the version of the table, as the ledger records it: `jukihou-30-6@1`.
    pub fn basis(&self) -> String {
        format!("{}@{VERSION}", self.basis.id)
    }
}

impl Refusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NoBasis => "permit_refused",
            Self::ForeignMunicipality => "permit_foreign_municipality",
        }
    }
}

/// The whole authority as text: a row per actor kind and action, the purposes that open it.
/// Checked in and reviewed as a picture; a test keeps it equal to the table.
pub fn matrix() -> String {
    let mut text = String::from("actor × action → purposes (basis)\n");
    for kind in KINDS {
        text.push_str(&format!("\n{kind}\n"));
        for action in Action::ALL {
            let rows: Vec<String> = TABLE
                .iter()
                .filter(|basis| basis.actor == kind && basis.action == action)
                .map(|basis| format!("{} ({})", basis.purpose, basis.id))
                .collect();
            let shown = if rows.is_empty() { "-".to_owned() } else { rows.join(", ") };
            text.push_str(&format!("  {:<24} {shown}\n", action.word()));
        }
    }
    text
}

const KINDS: [&str; 6] = ["platform", "municipality", "agency", "operator", "verifier", "auditor"];

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(text: &str) -> Actor {
        text.parse().unwrap()
    }

    #[test]
    fn a_municipality_feeds_its_own_register_only() {
        let own = "131016".parse().unwrap();
        let other = "131130".parse().unwrap();
        let ask = |concerned| {
            permit(
                &actor("municipality:131016"),
                Action::ResidentEvent,
                Purpose::ResidentRegister,
                Some(concerned),
            )
        };
        assert_eq!(ask(own).unwrap().basis(), format!("jukihou-30-6@{VERSION}"));
        assert_eq!(ask(own).unwrap().concerned(), Some(own));
        assert_eq!(ask(other), Err(Refusal::ForeignMunicipality));
    }

    /// Whoever may do a thing for its own only gets no permit for what may be anybody's.
    #[test]
    fn a_right_to_ones_own_is_none_to_what_is_not_known_to_be() {
        let chiyoda = actor("municipality:131016");
        for row in TABLE.iter().filter(|row| row.own_only) {
            let at = |concerned| permit(&chiyoda, row.action, row.purpose, concerned);
            assert_eq!(at(None), Err(Refusal::ForeignMunicipality), "{}", row.action.word());
            assert!(at(chiyoda.municipality()).is_ok());
            assert_eq!(may_ask(&chiyoda, row.action, row.purpose), Ok(()));
        }
        let agency = actor("agency:nta");
        let anybodys = permit(&agency, Action::NumberAsk, Purpose::Tax, None).unwrap();
        assert_eq!(anybodys.concerned(), None);
        assert_eq!(may_ask(&agency, Action::Disposal, Purpose::Tax), Err(Refusal::NoBasis));
    }

    #[test]
    fn nobody_else_feeds_events_or_for_another_purpose() {
        let at = Some("131016".parse().unwrap());
        for who in ["agency:nta", "auditor:a", "platform"] {
            let asked = permit(&actor(who), Action::ResidentEvent, Purpose::ResidentRegister, at);
            assert_eq!(asked, Err(Refusal::NoBasis), "{who}");
        }
        let tax = permit(&actor("municipality:131016"), Action::ResidentEvent, Purpose::Tax, at);
        assert_eq!(tax, Err(Refusal::NoBasis));
    }

    #[test]
    fn no_two_rows_compete() {
        for (at, row) in TABLE.iter().enumerate() {
            let twin = TABLE.iter().skip(at + 1).find(|other| {
                other.actor == row.actor
                    && other.action == row.action
                    && other.purpose == row.purpose
            });
            assert!(twin.is_none(), "{} {} {}", row.actor, row.action.word(), row.purpose);
        }
    }

    #[test]
    fn every_action_has_somebody_and_every_kind_is_known() {
        for action in Action::ALL {
            assert!(TABLE.iter().any(|row| row.action == action), "{}", action.word());
        }
        assert!(TABLE.iter().all(|row| KINDS.contains(&row.actor)));
    }

    #[test]
    fn the_matrix_is_the_golden_one() {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/matrix.txt");
        if std::env::var_os("SEKISHO_GOLDEN").is_some_and(|mode| mode == "write") {
            std::fs::write(golden, matrix()).unwrap();
        }
        let reviewed = std::fs::read_to_string(golden).unwrap();
        assert_eq!(matrix(), reviewed, "run `make golden` and review the difference");
    }
}

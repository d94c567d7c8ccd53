//! Who acts. Written `kind:name`, as in `municipality:131016`; an actor is never a resident's
//! number.

use numbers::LocalGovernmentCode;
use std::{fmt, str::FromStr};

/// Who stands behind an act.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Actor {
    /// The platform itself: number lists, publishing, clocks that run out.
    Platform,
    /// A municipality, as the keeper of its resident register.
    Municipality(LocalGovernmentCode),
    /// An agency or other body named in the law; a name of the operator's choice.
    Agency(String),
    /// A person of the operator's staff, by staff name.
    Operator(String),
    /// Someone registered to ask whether certificates are valid (署名検証者).
    Verifier(String),
    /// Someone who judges from outside and changes nothing.
    Auditor(String),
}

/// Why a text is not an actor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActorRefusal {
    /// Neither `platform` nor `kind:name` with a known kind.
    Kind,
    /// The name is empty, longer than 64 characters or not of `a-z 0-9 - _ .`.
    Name,
}

impl Actor {
    /// The kind: the part before the colon.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Municipality(_) => "municipality",
            Self::Agency(_) => "agency",
            Self::Operator(_) => "operator",
            Self::Verifier(_) => "verifier",
            Self::Auditor(_) => "auditor",
        }
    }

    /// The municipality, if one acts.
    pub const fn municipality(&self) -> Option<LocalGovernmentCode> {
        match self {
            Self::Municipality(code) => Some(*code),
            _ => None,
        }
    }
}

impl ActorRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Kind => "actor_kind",
            Self::Name => "actor_name",
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => f.write_str("platform"),
            Self::Municipality(code) => write!(f, "municipality:{code}"),
            Self::Agency(name)
            | Self::Operator(name)
            | Self::Verifier(name)
            | Self::Auditor(name) => write!(f, "{}:{name}", self.kind()),
        }
    }
}

impl FromStr for Actor {
    type Err = ActorRefusal;

    fn from_str(text: &str) -> Result<Self, ActorRefusal> {
        if text == "platform" {
            return Ok(Self::Platform);
        }
        let (kind, name) = text.split_once(':').ok_or(ActorRefusal::Kind)?;
        match kind {
            "municipality" => name.parse().map(Self::Municipality).map_err(|_| ActorRefusal::Name),
            "agency" => plain_name(name).map(Self::Agency),
            "operator" => plain_name(name).map(Self::Operator),
            "verifier" => plain_name(name).map(Self::Verifier),
            "auditor" => plain_name(name).map(Self::Auditor),
            _ => Err(ActorRefusal::Kind),
        }
    }
}

fn plain_name(name: &str) -> Result<String, ActorRefusal> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if name.is_empty() || name.len() > NAME_LENGTH_MAX || !name.bytes().all(plain) {
        return Err(ActorRefusal::Name);
    }
    Ok(name.to_owned())
}

const NAME_LENGTH_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back() {
        for text in [
            "platform",
            "municipality:131016",
            "agency:nta",
            "operator:k.sato",
            "verifier:bank-1",
            "auditor:a-1",
        ] {
            let actor: Actor = text.parse().unwrap();
            assert_eq!(actor.to_string(), text);
            assert_eq!(actor.kind(), text.split(':').next().unwrap());
        }
    }

    #[test]
    fn refusals() {
        let long = format!("agency:{}", "a".repeat(65));
        for (text, refusal) in [
            ("", ActorRefusal::Kind),
            ("king:x", ActorRefusal::Kind),
            ("agency:", ActorRefusal::Name),
            ("agency:A", ActorRefusal::Name),
            (&long, ActorRefusal::Name),
            ("municipality:131017", ActorRefusal::Name),
        ] {
            assert_eq!(text.parse::<Actor>(), Err(refusal), "{text}");
        }
    }
}

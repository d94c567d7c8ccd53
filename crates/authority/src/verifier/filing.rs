//! What a verifier filed: on which ground, for what, resting on whose decision, for which service
//! providers. Has one text, which is kept and which the ledger commits to.

use super::{Refusal, VerifierKind};
use std::{fmt, str::FromStr};

/// What a verifier filed. Names bodies and purposes, no person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filing {
    kind: VerifierKind,
    purpose: PlainText,
    approval: Option<PlainText>,
    providers: Vec<Provider>,
}

/// A body that a platform operator verifies for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provider {
    name: String,
    purpose: PlainText,
}

/// One line of text for people: 1 to 200 characters, none of them a control character, no space at
/// either end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlainText(String);

impl Filing {
    /// A filing that fits its kind.
    pub fn new(
        kind: VerifierKind,
        purpose: PlainText,
        approval: Option<PlainText>,
        mut providers: Vec<Provider>,
    ) -> Result<Self, Refusal> {
        if kind.needs_approval() != approval.is_some() {
            return Err(Refusal::Approval);
        }
        if kind.has_providers() == providers.is_empty() || providers.len() > PROVIDERS_MAX {
            return Err(Refusal::Providers);
        }
        providers.sort_by(|a, b| a.name.cmp(&b.name));
        if providers.windows(2).any(|two| two[0].name == two[1].name) {
            return Err(Refusal::Providers);
        }
        Ok(Self { kind, purpose, approval, providers })
    }

    /// The ground.
    pub const fn kind(&self) -> VerifierKind {
        self.kind
    }

    /// What for.
    pub const fn purpose(&self) -> &PlainText {
        &self.purpose
    }

    /// The decision that it rests on.
    pub const fn approval(&self) -> Option<&PlainText> {
        self.approval.as_ref()
    }

    /// For whom it verifies, by name.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// What it verifies for when it asks for itself, or for a provider. One that verifies for
    /// others says for whom.
    pub fn purpose_of(&self, provider: Option<&str>) -> Result<&PlainText, Refusal> {
        let Some(name) = provider else {
            let own = !self.kind.has_providers();
            return if own { Ok(&self.purpose) } else { Err(Refusal::ProviderMissing) };
        };
        let found = self.providers.iter().find(|provider| provider.name == name);
        found.map(|provider| &provider.purpose).ok_or(Refusal::ProviderUnknown)
    }

    /// Reads what `Display` writes; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n').peekable();
        let kind = VerifierKind::from_word(lines.next()?.strip_prefix("kind: ")?)?;
        let purpose = lines.next()?.strip_prefix("purpose: ")?.parse().ok()?;
        let approval = lines.peek().and_then(|line| line.strip_prefix("approval: "));
        let approval = match approval {
            Some(approval) => {
                lines.next();
                Some(approval.parse().ok()?)
            }
            None => None,
        };
        let provider = |line: &str| line.strip_prefix("provider: ")?.parse().ok();
        let providers = lines.map(provider).collect::<Option<_>>()?;
        let filing = Self::new(kind, purpose, approval, providers).ok()?;
        (filing.to_string() == text).then_some(filing)
    }
}

impl Provider {
    /// A provider by the name that it is asked for under, in the letters of an actor's name.
    pub fn new(name: &str, purpose: PlainText) -> Result<Self, Refusal> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(plain) {
            return Err(Refusal::Providers);
        }
        Ok(Self { name: name.to_owned(), purpose })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is verified for it.
    pub const fn purpose(&self) -> &PlainText {
        &self.purpose
    }
}

impl PlainText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Filing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kind: {}\npurpose: {}\n", self.kind.word(), self.purpose)?;
        if let Some(approval) = &self.approval {
            writeln!(f, "approval: {approval}")?;
        }
        self.providers.iter().try_for_each(|provider| writeln!(f, "provider: {provider}"))
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.purpose)
    }
}

impl FromStr for Provider {
    type Err = Refusal;

    /// Reads `name=purpose`.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let (name, purpose) = text.split_once('=').ok_or(Refusal::Providers)?;
        Self::new(name, purpose.parse()?)
    }
}

impl fmt::Display for PlainText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PlainText {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let fits = (1..=TEXT_CHARACTERS_MAX).contains(&text.chars().count())
            && text.trim() == text
            && !text.chars().any(|c| c.is_control() || BREAKS.contains(&c));
        if fits { Ok(Self(text.to_owned())) } else { Err(Refusal::Text) }
    }
}

const TEXT_CHARACTERS_MAX: usize = 200;
const NAME_BYTES_MAX: usize = 64;
const PROVIDERS_MAX: usize = 1_000;
/// Line and paragraph separator, and what turns the direction of text: a line that shows as another
/// is no consent to what it says.
const BREAKS: [char; 11] = [
    '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];

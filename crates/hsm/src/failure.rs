//! Why a call did not succeed, and what that says about the device.

use base::{Problem, labels};
use ports::KeyLabel;

/// What became of a call instead of an answer. The text names return codes and keys, never values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    /// The device could not do it now: another one may, or this one later.
    Transient(String),
    /// No session is left for this worker; the device works with those that it has.
    NoSession(String),
    /// The token or the device is not there.
    Gone(String),
    /// What it answered is not so.
    Wrong(String),
    /// The child ended before it answered.
    Lost,
    /// The answer did not come in time.
    Late,
    /// All sessions were at work until the deadline.
    Busy,
    /// The breaker is open.
    Resting,
    /// The device holds no key of this label.
    Absent,
    /// It holds one already.
    Exists,
    /// The input cannot be worked on.
    Operation(String),
    /// It offers no such mechanism.
    Mechanism(String),
    /// It cannot be used as it is configured.
    Configuration(String),
}

/// What a failure says about the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It works: it answered, if only with a refusal.
    Works,
    /// It failed; enough of these in a row and it is left alone.
    Failed,
    /// Its child ended, which counts once, however many calls were under way.
    Ended,
    /// It cannot be trusted now.
    Unsound,
    /// Nothing: it was not asked.
    Nothing,
}

impl Failure {
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Transient(_) | Self::Gone(_) | Self::Late => Verdict::Failed,
            Self::Lost => Verdict::Ended,
            Self::Wrong(_) => Verdict::Unsound,
            Self::Absent | Self::Exists | Self::Operation(_) | Self::Mechanism(_) => Verdict::Works,
            Self::Configuration(_) => Verdict::Failed,
            Self::NoSession(_) | Self::Busy | Self::Resting => Verdict::Nothing,
        }
    }

    /// Whether another device, or the same one later, may do what this one did not.
    pub(crate) fn is_of_the_device(&self) -> bool {
        self.verdict() != Verdict::Works
    }

    /// Among failures of several devices the one to tell: a wrong answer must be seen, and a token
    /// that is gone says more than one that is silent.
    pub(crate) fn weight(&self) -> u8 {
        match self {
            Self::Wrong(_) => 5,
            Self::Configuration(_) => 4,
            Self::Gone(_) => 3,
            Self::Resting => 1,
            // One that was not asked may hold the key.
            Self::Absent => 0,
            _ => 2,
        }
    }

    /// The same for the caller of the key store.
    pub(crate) fn problem(&self, key: &KeyLabel) -> Problem {
        let (label, why) = match self {
            Self::Transient(why) | Self::NoSession(why) => (&labels::HSM_UNAVAILABLE, &**why),
            Self::Lost => (&labels::HSM_UNAVAILABLE, "the device's library ended"),
            Self::Late => (&labels::HSM_UNAVAILABLE, "no answer within the deadline"),
            Self::Busy => (&labels::HSM_UNAVAILABLE, "all sessions are at work"),
            Self::Resting => (&labels::HSM_UNAVAILABLE, "left alone after failures"),
            Self::Gone(why) => (&labels::HSM_GONE, &**why),
            Self::Wrong(why) => (&labels::HSM_ANSWER_WRONG, &**why),
            Self::Absent => return Problem::new(&labels::KEY_ABSENT, key.as_str()),
            Self::Exists => return Problem::new(&labels::KEY_EXISTS, key.as_str()),
            Self::Operation(why) => (&labels::KEY_OPERATION, &**why),
            Self::Mechanism(why) => (&labels::HSM_MECHANISM, &**why),
            Self::Configuration(why) => (&labels::HSM_CONFIGURATION, &**why),
        };
        Problem::new(label, format!("{key}: {why}"))
    }

    /// A word for the status of a device.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Transient(why)
            | Self::NoSession(why)
            | Self::Gone(why)
            | Self::Wrong(why)
            | Self::Operation(why)
            | Self::Mechanism(why)
            | Self::Configuration(why) => why.clone(),
            Self::Lost => "the child ended".to_owned(),
            Self::Late => "no answer within the deadline".to_owned(),
            Self::Busy => "all sessions at work".to_owned(),
            Self::Resting => "left alone".to_owned(),
            Self::Absent => "no such key".to_owned(),
            Self::Exists => "the key is there already".to_owned(),
        }
    }
}

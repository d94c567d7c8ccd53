//! What an operator says about the key devices: which library, which token, and how patient to be.

use keys::Passphrase;
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

/// All devices and how they are worked with.
#[derive(Clone, Debug)]
pub struct HsmOptions {
    /// The devices, the one that makes new keys first. Keys that several of them hold must be
    /// copies of each other, made by the vendor's means.
    pub devices: Vec<DeviceOptions>,
    /// The program that loads a library.
    pub child: ChildProgram,
    /// Sessions with each device, 1 to 128: as many calls are at work at once.
    pub sessions: u16,
    /// How long one call of the key store may take, whatever happens to the devices. Making and
    /// destroying keys may take ten times as long.
    pub deadline: Duration,
    /// How long an answer may be missing before the child that owes it is killed.
    pub stuck: Duration,
    /// Whether answers are checked before they are handed out: signatures under the public key,
    /// everything else by the inverse operation. About doubles the work of the processors.
    pub check: bool,
    /// When a device is left alone.
    pub breaker: BreakerPolicy,
}

/// One device: a token behind a library.
#[derive(Clone, Debug)]
pub struct DeviceOptions {
    /// The vendor's PKCS#11 library.
    pub module: PathBuf,
    /// Which of its tokens.
    pub token: TokenChoice,
    /// The user's PIN.
    pub pin: Arc<Passphrase>,
    /// Environment variables that the library wants, such as the place of its configuration. Of
    /// the service's own it sees a few that every program needs, and no other.
    pub environment: Vec<(String, String)>,
}

/// How a token is named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TokenChoice {
    /// By its label, without the blanks at the end.
    Label(String),
    /// By the number of its slot.
    Slot(u64),
}

/// The program that is started as a child.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChildProgram {
    /// Its path.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// When a device is left alone, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BreakerPolicy {
    /// So many failures in a row open the breaker; a wrong answer opens it at once.
    pub failures: u32,
    /// How long it stays open the first time. Each failed probe doubles it.
    pub rest: Duration,
    /// The longest rest.
    pub rest_max: Duration,
}

impl HsmOptions {
    /// These devices, with the patience of a service that answers people.
    pub fn new(devices: Vec<DeviceOptions>, child: ChildProgram) -> Self {
        Self {
            devices,
            child,
            sessions: 8,
            deadline: Duration::from_secs(2),
            stuck: Duration::from_secs(4),
            check: true,
            breaker: BreakerPolicy::default(),
        }
    }
}

impl ChildProgram {
    /// The running program itself, whatever has become of its file since, with these arguments.
    pub fn itself(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        Self { program: PathBuf::from("/proc/self/exe"), arguments }
    }
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self { failures: 5, rest: Duration::from_millis(200), rest_max: Duration::from_secs(15) }
    }
}

impl fmt::Display for TokenChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(label) => f.write_str(label),
            Self::Slot(slot) => write!(f, "slot {slot}"),
        }
    }
}

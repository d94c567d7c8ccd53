//! The key commands: names, options and help.

use super::Acting;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Key commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Keys {
    /// Name every key, what it is for and whether something needs it; say how what holds them
    /// fares.
    Status,
    /// Make a key ahead of its use: the next epoch of one that is there.
    #[command(after_help = examples!(
        "sekisho keys generate token/2 sign-ed25519",
        "sekisho keys rotate token",
    ))]
    Generate(Generate),
    /// Put the next epoch of a key into use, while the platform serves; the same again goes on
    /// after a crash.
    #[command(after_help = "\
kek         new data keys at once, the others moved; then the former is done with
set-digest  municipality by municipality; then the former is done with
token       tokens of the former stay good until they expire, or until --finish
ledger      checkpoints carry both signatures until --finish
pseudonym   acts of before are found with the former for ever
repeat      messages of before are recognised with the former for ever
numbering, record-code and index have one epoch: another key would give numbers again, or lose the
values that refuse a number a second holder. SECURITY.md says what a leak of them means.
A certification authority is followed by `ca init --kind`; its responders and the platform's time
stamps get a new key every 20 days by themselves, and the old ones may then be destroyed.

Examples:
  sekisho keys rotate kek
  sekisho keys rotate ledger --to 2
  sekisho keys rotate ledger --finish")]
    Rotate(Rotate),
    /// Make keys as a reviewed file says, and write the protocol.
    #[command(
        after_help = "The protocol goes to `ceremonies` in the data directory, as text and as \
                            JSON. A first ceremony makes the platform too, in place of \
                            `init`.\n\nExamples:\n  \
                            sekisho keys ceremony first.toml --check\n  \
                            sekisho keys ceremony first.toml --operator k.sato"
    )]
    Ceremony(Ceremony),
    /// Destroy a key that is done with for good; backups that need it open never again.
    #[command(after_help = examples!(
        "sekisho keys rotate kek",
        "sekisho keys destroy kek/1 --yes",
    ))]
    Destroy {
        /// The key, as `keys status` names it.
        label: String,
        /// Says that you mean it: nothing brings the key back.
        #[arg(long, required = true)]
        yes: bool,
        #[command(flatten)]
        acting: Acting,
    },
    /// Seal the key store under another passphrase; copies made before open with the old one.
    #[command(after_help = "The new one comes from the file named, from the environment variable \
                            SEKISHO_NEW_PASSPHRASE, or from a prompt.\n\nExamples:\n  \
                            sekisho keys passphrase --generate\n  \
                            sekisho keys passphrase --new new-passphrase.txt")]
    Passphrase {
        /// Invent one, in place of that which `init --generate-passphrase` made.
        #[arg(long, conflicts_with = "new")]
        generate: bool,
        /// File with the new passphrase, readable by its owner only.
        #[arg(long, value_name = "FILE")]
        new: Option<PathBuf>,
    },
}

/// Options of `keys generate`.
#[derive(Args, Debug)]
pub(crate) struct Generate {
    /// The key with its epoch, such as `token/2`.
    pub(crate) label: String,
    /// permutation, mac, wrap, sign-ed25519, sign-p256, sign-p384 or sign-rsa2048.
    pub(crate) kind: String,
    #[command(flatten)]
    pub(crate) acting: Acting,
}

/// Options of `keys rotate`.
#[derive(Args, Debug)]
pub(crate) struct Rotate {
    /// The key without its epoch, such as `token`.
    pub(crate) name: String,
    /// The epoch that is to be in use at the end: what is done already is not done again.
    #[arg(long, value_name = "EPOCH", conflicts_with = "finish")]
    pub(crate) to: Option<u32>,
    /// End the time in which the former key counts too (ledger, token).
    #[arg(long)]
    pub(crate) finish: bool,
    #[command(flatten)]
    pub(crate) acting: Acting,
}

/// Options of `keys ceremony`.
#[derive(Args, Debug)]
pub(crate) struct Ceremony {
    /// The reviewed file (TOML).
    pub(crate) file: PathBuf,
    /// Say what would be made and what does not fit; make nothing.
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) acting: Acting,
}

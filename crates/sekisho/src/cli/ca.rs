//! The command line of `sekisho ca`.

use super::Acting;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Commands of the certification authorities.
#[derive(Subcommand, Debug)]
pub(crate) enum Ca {
    /// Found a certification authority: its key, its certificate, its first lists.
    #[command(after_help = concat!(
        "Without --kind each hierarchy that has no authority gets one. With it, where one is there, \
         the next generation is founded: it issues from then on, and the former ones go on signing \
         lists and answers. After a crash, the same again finishes what was begun.\n\n",
        examples!(
            "sekisho ca init",
            "sekisho ca init --kind signature --algorithm p384 --operator k.sato",
        )
    ))]
    Init(CaInit),
    /// Show every authority with its key, its certificate and the last day on which it issues.
    #[command(after_help = examples!(
        "sekisho ca list --json | jq '.[] | select(.state == \"issuing\")'",
        "sekisho ca list --json | jq '.[] | select(.ends_soon)'",
    ))]
    List,
    /// Say how every authority fares: certificates, revocation lists, responders.
    #[command(after_help = concat!(
        "Exit code 1 when something that others rely on has ended or is missing: a revocation \
         list, one of its files, an OCSP responder. `serve` keeps them new; without it, `certs \
         lists` makes lists.\n\n",
        examples!(
            "sekisho ca status",
            "sekisho ca status --json | jq '.[].lists[] | select(.due)'",
        )
    ))]
    Status,
    /// Save the certificates of all authorities (DER and PEM) and all revocation lists.
    #[command(after_help = examples!(
        "sekisho ca save ca",
    ))]
    Save {
        /// The directory; made if it is not there.
        directory: PathBuf,
    },
    /// End issuing by an authority that a newer one follows.
    #[command(after_help = examples!(
        "sekisho ca retire 1 --operator k.sato",
    ))]
    Retire {
        /// The authority, as `ca list` numbers it.
        id: i64,
        #[command(flatten)]
        acting: Acting,
    },
}

/// Options of `ca init`.
#[derive(Args, Debug)]
pub(crate) struct CaInit {
    /// Which hierarchy; without it those that have no authority yet.
    #[arg(long, value_enum)]
    pub(crate) kind: Option<Kind>,
    /// What it signs with.
    #[arg(long, value_enum, default_value_t = Algorithm::Rsa2048)]
    pub(crate) algorithm: Algorithm,
    #[command(flatten)]
    pub(crate) acting: Acting,
}

/// The two certificates of a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Kind {
    /// 署名用: signs documents and names its holder.
    Signature,
    /// 利用者証明用: shows that the holder is there, and names nobody.
    Authentication,
}

/// What an authority signs with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Algorithm {
    Rsa2048,
    P256,
    P384,
}

impl From<Kind> for authority::CertificateKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Signature => Self::Signature,
            Kind::Authentication => Self::Authentication,
        }
    }
}

impl From<Algorithm> for x509::KeyAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rsa2048 => Self::Rsa2048,
            Algorithm::P256 => Self::P256,
            Algorithm::P384 => Self::P384,
        }
    }
}

//! The command line of `sekisho certs`.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::path::PathBuf;

/// Certificate commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Certs {
    /// Say whether a certificate is to be believed, and if not, why (RFC 5280 path validation).
    #[command(after_help = concat!(
        "Exit code 3 when the certificate is refused. Files are PEM, several documents in a row, \
         or DER. Indirect revocation lists, SHA-1 and RSA below 2,048 bits are refused.\n\n",
        examples!(
            "sekisho certs verify --anchor root.pem --intermediate ca.pem --crl ca.crl --crl \
             root.crl leaf.pem",
            "sekisho certs verify --anchor root.pem --no-revocation --purpose client --time \
             2026-04-01T00:00:00Z leaf.der",
        )
    ))]
    Verify(CertsVerify),
}

/// Options of `certs verify`.
#[derive(Args, Debug)]
pub(crate) struct CertsVerify {
    /// The certificate.
    pub(crate) leaf: PathBuf,
    /// Certificates that are trusted; may be given several times.
    #[arg(long = "anchor", required = true, value_name = "FILE")]
    pub(crate) anchors: Vec<PathBuf>,
    /// Certificates that may stand between, or sign revocation lists; in any order, not trusted.
    #[arg(long = "intermediate", value_name = "FILE")]
    pub(crate) intermediates: Vec<PathBuf>,
    /// Revocation lists, complete and delta; in any order, not trusted.
    #[arg(long = "crl", value_name = "FILE")]
    pub(crate) crls: Vec<PathBuf>,
    /// The time for which the answer holds (RFC 3339); without it, now.
    #[arg(long, value_name = "TIME")]
    pub(crate) time: Option<Timestamp>,
    /// What the certificate is wanted for.
    #[arg(long, default_value = "any", value_name = "PURPOSE", value_parser = purpose())]
    pub(crate) purpose: String,
    /// A certificate policy that is wanted; may be given several times. Without one, any will do.
    #[arg(long = "policy", value_name = "OID")]
    pub(crate) policies: Vec<String>,
    /// Refuse when no policy holds along the path.
    #[arg(long)]
    pub(crate) explicit_policy: bool,
    /// Let policy mappings count for nothing.
    #[arg(long)]
    pub(crate) inhibit_policy_mapping: bool,
    /// Let anyPolicy count for nothing.
    #[arg(long)]
    pub(crate) inhibit_any_policy: bool,
    /// Ask for revocation only where lists of the issuer are given.
    #[arg(long)]
    pub(crate) revocation_if_present: bool,
    /// Do not ask for revocation.
    #[arg(long, conflicts_with = "revocation_if_present")]
    pub(crate) no_revocation: bool,
}

fn purpose() -> clap::builder::PossibleValuesParser {
    x509::path::Purpose::ALL.map(x509::path::Purpose::word).into()
}

//! The command line of `sekisho certs explain`.

use super::Acting;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use std::path::PathBuf;

/// Options of `certs explain`.
#[derive(Args, Debug)]
pub(crate) struct CertsExplain {
    /// The certificate, in PEM or DER; `-` for standard input.
    pub(crate) file: PathBuf,
    /// Judge by files alone, even where there is a platform.
    #[arg(long)]
    pub(crate) offline: bool,
    /// A certificate of an authority that is trusted; may be given several times. By files alone.
    #[arg(long = "anchor", value_name = "FILE")]
    pub(crate) anchors: Vec<PathBuf>,
    /// A list of revoked certificates; may be given several times. By files alone.
    #[arg(long = "crl", value_name = "FILE")]
    pub(crate) crls: Vec<PathBuf>,
    /// The time for which the answer holds (RFC 3339); without it, now. By files alone.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
    /// What the certificate is wanted for.
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    pub(crate) wanted: Option<String>,
    /// The language of the sentences; without it, both.
    #[arg(long, value_enum)]
    pub(crate) language: Option<Language>,
    #[command(flatten)]
    pub(crate) acting: Acting,
}

/// Languages of the explanation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Language {
    En,
    Ja,
}

fn kinds() -> clap::builder::PossibleValuesParser {
    authority::CertificateKind::ALL.map(authority::CertificateKind::word).into()
}

//! The command line of `sekisho verifiers`.

use super::Acting;
use authority::verifier::VerifierKind;
use clap::{Args, Subcommand};

/// Verifier commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Verifiers {
    /// Register a verifier and show what it owes for answers.
    #[command(after_help = examples!(
        "sekisho verifiers register ward-office --kind administrative_body --purpose 電子申請の受付",
        "sekisho verifiers register bank-1 --kind approved_firm --approval 認定第１号 --purpose \
         口座開設時の本人確認",
        "sekisho verifiers register hub --kind platform_operator --approval 認定第２号 --purpose \
         署名検証業務 --provider shop=会員登録時の本人確認",
    ))]
    Register(VerifiersRegister),
    /// List all verifiers.
    List,
    /// Suspend a verifier: it is refused until it is resumed.
    Suspend(VerifierNamed),
    /// End a suspension.
    Resume(VerifierNamed),
    /// Strike a verifier off, for good.
    End(VerifierNamed),
}

/// Options of `verifiers register`.
#[derive(Args, Debug)]
pub(crate) struct VerifiersRegister {
    /// Its name, as of the actor `verifier:NAME`: `a-z 0-9 - _ .`.
    pub(crate) name: String,
    /// On which ground it verifies.
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    pub(crate) kind: String,
    /// What for, in one line: the holder reads it when giving consent.
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: String,
    /// The designation, certification or approval that it rests on.
    #[arg(long, value_name = "TEXT")]
    pub(crate) approval: Option<String>,
    /// A service provider that a platform operator verifies for, and its purpose; may be given
    /// several times.
    #[arg(long = "provider", value_name = "NAME=PURPOSE")]
    pub(crate) providers: Vec<String>,
    #[command(flatten)]
    pub(crate) acting: Acting,
}

/// A verifier by name.
#[derive(Args, Debug)]
pub(crate) struct VerifierNamed {
    /// Its name.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) acting: Acting,
}

fn kinds() -> clap::builder::PossibleValuesParser {
    VerifierKind::ALL.map(VerifierKind::word).into()
}

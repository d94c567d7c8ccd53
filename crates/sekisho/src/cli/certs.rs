//! The command line of `sekisho certs`.

use super::{Acting, Algorithm, CertsExplain, Kind};
use authority::CertificateKind;
use authority::trigger::{Effect, LegalBasis, Origin, Trigger};
use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use std::path::PathBuf;

/// Certificate commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Certs {
    /// Say whether a certificate is to be believed, and if not, why (RFC 5280 path validation).
    #[command(after_help = concat!(
        "Exit code 3 when the certificate is refused, 4 when a file is not there. Files are PEM, \
         several documents in a row, or DER. Indirect revocation lists, SHA-1 and RSA below 2,048 bits are refused.\n\n",
        examples!(
            "sekisho certs verify --anchor root.pem --intermediate ca.pem --crl ca.crl --crl \
             root.crl leaf.pem",
            "sekisho certs verify --anchor root.pem --no-revocation --purpose client --time \
             2026-04-01T00:00:00Z leaf.der",
        )
    ))]
    Verify(CertsVerify),
    /// Issue a certificate for a resident, from a certification request (PKCS#10).
    #[command(after_help = concat!(
        "Resident record codes are given in files: what stands in a command line can be seen by \
         others on this machine. A request is signed over SHA-256, SHA-384 or SHA-512; RSA keys \
         sign by PKCS #1 version 1.5, not by PSS.\n\n",
        examples!(
            "sekisho certs issue --municipality 131016 --kind signature --code code.txt --request \
             holder.csr --card-end 2035-04-01 --out holder.pem",
        )
    ))]
    Issue(CertsIssue),
    /// Issue certificates for many: a production run.
    #[command(after_help = "\
Each line is a request, in CSV with this header or in JSON Lines with these fields, the request
in base64 (DER):
  code,kind,request,card_end
In JSON Lines, without_pins and ward may stand as well.
What became of each line is noted in results.jsonl in the output directory. After a kill, the
same again goes on where it stopped. Exit code 1 when a line was refused.

Examples:
  sekisho certs batch requests.csv --municipality 131016 --out run-1
  sekisho certs batch requests.jsonl --municipality 131016 --out run-2 --form pem")]
    Batch(CertsBatch),
    /// End or hold what an application or report touches.
    #[command(after_help = examples!(
        "sekisho certs end --municipality 131016 --trigger card_lost --code code.txt",
        "sekisho certs end --trigger reported_missing --code - < code.txt",
    ))]
    End(CertsEnd),
    /// End the hold of a certificate.
    #[command(after_help = examples!(
        "sekisho certs release --municipality 131016 --kind authentication --code code.txt",
    ))]
    Release(CertsRelease),
    /// Show which certificates a resident has and had; they see that it was asked.
    #[command(after_help = examples!(
        "sekisho certs list --code code.txt",
    ))]
    List(CertsList),
    /// Save a certificate; its holder sees that it was read.
    #[command(after_help = examples!(
        "sekisho certs save --authority 1 --serial 4 holder.der --form der",
    ))]
    Save(CertsSave),
    /// Show how many certificates end in each week, and how many to renew in each so that the
    /// counters are never busier than they must be.
    #[command(after_help = examples!(
        "sekisho certs forecast",
        "sekisho certs forecast --weeks 520 --municipality 131016 --format csv",
        "sekisho certs forecast --weeks 520 --format svg > waves.svg",
    ))]
    Forecast(CertsForecast),
    /// Finish what a crash left between intention and certificate.
    ///
    /// `serve` does it as it starts.
    #[command(after_help = examples!(
        "sekisho certs finish",
    ))]
    Finish,
    /// Make the revocation lists that are due, and those that are missing.
    ///
    /// `serve` does it by itself. How all lists stand says `ca status`.
    #[command(after_help = examples!(
        "sekisho certs lists",
    ))]
    Lists,
    /// Say in plain words why a certificate is not valid, in English and Japanese.
    #[command(after_help = concat!(
        "Exit code 1 when something stands against the certificate, and when what is at hand is \
         not enough to say. With what the platform of the \
         data directory knows, which is an act that the holder sees; with --offline, --anchor, \
         --crl or --at, and where there is no platform, by files alone.\n\n",
        examples!(
            "sekisho certs explain holder.pem",
            "sekisho certs explain holder.pem --anchor ca.pem --crl 131016.crl --language ja",
        )
    ))]
    Explain(CertsExplain),
}

/// Options of `certs issue`.
#[derive(Args, Debug)]
pub(crate) struct CertsIssue {
    /// The municipality that acts, as the sender of a feed does: its local government code.
    #[arg(long, value_name = "CODE")]
    pub(crate) municipality: String,
    /// Which certificate.
    #[arg(long, value_enum)]
    pub(crate) kind: Kind,
    /// File with the holder's resident record code; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) code: PathBuf,
    /// The request in PEM or DER. Its key goes into the certificate; nothing else does.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,
    /// The last day of the card that the key is on.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) card_end: Date,
    /// The card has no PINs (顔認証マイナンバーカード).
    #[arg(long)]
    pub(crate) without_pins: bool,
    /// The holder is an adult ward (成年被後見人).
    #[arg(long)]
    pub(crate) ward: bool,
    /// What the authority signs with, where several sign side by side; without it, the newest.
    #[arg(long, value_enum)]
    pub(crate) algorithm: Option<Algorithm>,
    /// Where to put the certificate, readable by its owner only; without it, or as `-`, standard
    /// output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Form::Pem)]
    pub(crate) form: Form,
}

/// Options of `certs batch`.
#[derive(Args, Debug)]
pub(crate) struct CertsBatch {
    /// The requests; `-` for standard input.
    pub(crate) file: PathBuf,
    /// The municipality that acts, as the sender of a feed does: its local government code.
    #[arg(long, value_name = "CODE")]
    pub(crate) municipality: String,
    /// Directory for the certificates and what became of each line; made for its owner only.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// A file for each certificate, or all in certificates.pem.
    #[arg(long, value_enum, default_value_t = Form::Der)]
    pub(crate) form: Form,
    /// What the authority signs with, where several sign side by side; without it, the newest.
    #[arg(long, value_enum)]
    pub(crate) algorithm: Option<Algorithm>,
}

/// How certificates are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Form {
    Pem,
    Der,
}

/// Options of `certs end`.
#[derive(Args, Debug)]
pub(crate) struct CertsEnd {
    /// What happened. What the resident register tells (a move, a death) ends certificates by
    /// itself.
    #[arg(long, value_name = "TRIGGER", value_parser = triggers())]
    pub(crate) trigger: String,
    #[command(flatten)]
    pub(crate) about: About,
}

/// Options of `certs release`.
#[derive(Args, Debug)]
pub(crate) struct CertsRelease {
    /// Which certificate.
    #[arg(long, value_enum)]
    pub(crate) kind: Kind,
    /// The municipality that acts: its local government code.
    #[arg(long, value_name = "CODE")]
    pub(crate) municipality: String,
    /// File with the holder's resident record code; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) code: PathBuf,
}

/// Options of `certs list`.
#[derive(Args, Debug)]
pub(crate) struct CertsList {
    #[command(flatten)]
    pub(crate) about: About,
}

/// Whom an act is about, and who acts.
#[derive(Args, Debug)]
pub(crate) struct About {
    /// File with the holder's resident record code; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) code: PathBuf,
    #[command(flatten)]
    pub(crate) by: By,
}

/// Who acts: a municipality, or the operator.
#[derive(Args, Debug)]
pub(crate) struct By {
    /// The municipality that acts; without it the operator does.
    #[arg(long, value_name = "CODE")]
    pub(crate) municipality: Option<String>,
    #[command(flatten)]
    pub(crate) acting: Acting,
}

/// Options of `certs save`.
#[derive(Args, Debug)]
pub(crate) struct CertsSave {
    /// The authority, as `ca list` numbers it.
    #[arg(long, value_name = "N")]
    pub(crate) authority: i64,
    /// The serial number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=i64::MAX as u64))]
    pub(crate) serial: u64,
    /// Where to put it, readable by its owner only; `-` for standard output.
    #[arg(value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Form::Pem)]
    pub(crate) form: Form,
    #[command(flatten)]
    pub(crate) by: By,
}

/// Options of `certs forecast`.
#[derive(Args, Debug)]
pub(crate) struct CertsForecast {
    /// How many weeks from this one on.
    #[arg(long, default_value_t = 26, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=600))]
    pub(crate) weeks: u16,
    /// Of one municipality; without it, of all together.
    #[arg(long, value_name = "CODE")]
    pub(crate) municipality: Option<String>,
    /// As a table, as CSV by municipality and week, or as a chart.
    #[arg(long, value_enum, default_value_t = ForecastFormat::Table)]
    pub(crate) format: ForecastFormat,
}

/// Formats of a forecast.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum ForecastFormat {
    Table,
    Csv,
    Svg,
}

/// What people and offices tell; what the register tells comes with the feed.
fn triggers() -> clap::builder::PossibleValuesParser {
    let told = Trigger::ALL.into_iter().filter(|trigger| trigger.origin() != Origin::Registry);
    let value = |trigger: Trigger| PossibleValue::new(trigger.word()).help(outcome(trigger));
    told.map(value).collect::<Vec<_>>().into()
}

/// What a trigger means, what it does and by which articles.
fn outcome(trigger: Trigger) -> String {
    let touched = CertificateKind::ALL.into_iter().filter_map(|kind| {
        let deed = match trigger.effect(kind)? {
            Effect::Hold => "holds",
            Effect::Revoke(_) => "ends",
        };
        Some((kind, deed, trigger.legal_basis(kind)))
    });
    let touched: Vec<_> = touched.collect();
    let deed = touched.first().map_or("leaves all", |(_, deed, _)| *deed);
    let which = match &touched[..] {
        [(kind, ..)] => format!("the {kind} certificate"),
        _ => "both".to_owned(),
    };
    let articles = touched.iter().filter_map(|(_, _, basis)| match basis {
        LegalBasis::Article(number) => Some(number.to_string()),
        LegalBasis::Practice => None,
    });
    let articles: Vec<_> = articles.collect();
    let basis = match &articles[..] {
        [] => "practice statement".to_owned(),
        [one] => format!("art. {one}"),
        several => format!("arts. {}", several.join(", ")),
    };
    format!("{}: {deed} {which} ({basis})", trigger.meaning())
}

/// Options of `certs verify`.
#[derive(Args, Debug)]
pub(crate) struct CertsVerify {
    /// The certificate, in PEM or DER, with or without its chain behind it; `-` for standard input.
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
    /// A certificate policy of which one must hold along the path; may be given several times.
    /// Without one, any will do, and none too.
    #[arg(long = "policy", value_name = "OID")]
    pub(crate) policies: Vec<String>,
    /// Refuse when no policy at all holds along the path.
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

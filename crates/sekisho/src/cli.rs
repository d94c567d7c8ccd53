//! The command line: names, options and help. What a command does stands in `commands`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Examples at the end of a command's help, one a line.
macro_rules! examples {
    ($($line:literal),+ $(,)?) => { concat!("Examples:", $("\n  ", $line),+) };
}

mod ca;
mod certs;
mod explain;
pub(crate) mod keys;
mod verifiers;

pub(crate) use ca::{Algorithm, Ca, CaInit, Kind};
pub(crate) use certs::{
    By, Certs, CertsBatch, CertsEnd, CertsForecast, CertsIssue, CertsList, CertsRelease, CertsSave,
    CertsVerify, ForecastFormat, Form,
};
pub(crate) use explain::{CertsExplain, Language};
pub(crate) use verifiers::{VerifierNamed, Verifiers, VerifiersRegister};

/// One open program for the whole life of a national individual number.
#[derive(Parser, Debug)]
#[command(
    name = "sekisho",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done · 1 something does not hold · 2 wrong usage · 3 refused · \
                  4 not there · 5 try again · 6 broken (see --help)",
    after_long_help = "\
Exit codes:
  0  done
  1  done, but something does not hold: a fault of verify, a refused line of import, a bar of bench
  2  wrong usage
  3  refused; the same request will be refused again
  4  what was asked for is not there
  5  try again later
  6  a part of the platform is broken; an operator must look

Examples:
  sekisho up                                number 20,000 invented residents and serve the API
  sekisho init                              make keys and an empty store in ./var
  sekisho import feed.csv                   take in a municipal feed
  sekisho number explain 123456789018       show the arithmetic of a check digit
  sekisho ledger audit                      recompute the whole published ledger"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Args, Debug)]
pub(crate) struct Global {
    /// Configuration file; without one the defaults hold (see `sekisho config`).
    #[arg(long, global = true, env = "SEKISHO_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Data directory (data.directory).
    #[arg(long, global = true, env = "SEKISHO_DATA", value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// Answer with one JSON document on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to colour messages.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub(crate) color: Colour,
}

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Number invented residents all over Japan, verify, and serve the API until Ctrl-C.
    #[command(after_help = concat!(
        "The same again changes nothing. A country of another seed, size or year needs a data \
         directory of its own.\n\n",
        examples!(
            "sekisho up",
            "sekisho up --residents 200000 --seed 7 --no-serve --data /srv/sekisho",
        )
    ))]
    Up(Up),
    /// Key ceremony: make the keys and an empty store in the data directory.
    #[command(after_help = examples!(
        "sekisho init --generate-passphrase",
        "sekisho --config sekisho.toml init --origin log.example.org/sekisho",
    ))]
    Init(Init),
    /// Take in a municipal feed (CSV in UTF-8 or Shift_JIS, or JSON Lines).
    #[command(after_help = examples!(
        "sekisho import feed.csv",
        "sekisho import --prepare own.jsonl",
        "zcat feed.csv.gz | sekisho import --json -",
    ))]
    Import(Import),
    /// Serve the API on loopback until Ctrl-C.
    #[command(after_help = examples!(
        "sekisho serve --listen 127.0.0.1:8790",
    ))]
    Serve(Serve),
    /// Walk the whole store and the published revocation lists, and say what does not hold.
    #[command(after_help = examples!(
        "sekisho verify --json | jq .faults",
    ))]
    Verify,
    /// Check numbers, or show the arithmetic of a check digit.
    #[command(subcommand)]
    Number(Number),
    /// The ledger: its key, checkpoints, proofs and audit.
    #[command(subcommand)]
    Ledger(Ledger),
    /// Be a witness of ledgers: cosign what only grows, and notice what does not.
    #[command(subcommand)]
    Witness(Witness),
    /// The certification authorities: found them, show them, retire them.
    #[command(subcommand)]
    Ca(Ca),
    /// Certificates: issue and end them, and say whether they are to be believed.
    #[command(subcommand)]
    Certs(Certs),
    /// Verifiers: who may ask about certificates, and what they owe for it.
    #[command(subcommand)]
    Verifiers(Verifiers),
    /// Give resident record codes to a municipality.
    #[command(after_help = examples!(
        "sekisho stock --municipality 131016 --count 1000 > codes.txt",
    ))]
    Stock(Stock),
    /// Draw a feed of invented residents from a seed.
    #[command(after_help = examples!(
        "sekisho population --residents 1000 --seed 3 --output feed.csv",
    ))]
    Population(Population),
    /// Write the number lists and notification data that are due.
    Lists,
    /// Issue a token with which a caller uses the API; the ledger says which operator did.
    #[command(after_help = examples!(
        "TOKEN=$(sekisho token municipality:131016 --minutes 10)",
    ))]
    Token(Token),
    /// Destroy the content of a person whose record was closed 150 years ago.
    #[command(after_help = examples!(
        "sekisho dispose --operator k.sato code.txt",
    ))]
    Dispose(Dispose),
    /// The keys: their state, ceremonies, rotation while serving, the end of a former one.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Answer known-answer questions (JSON Lines on standard input).
    #[command(after_help = crate::kat::help())]
    Kat,
    /// Measure, against a limit or a peer measured in the same run.
    #[command(after_help = examples!(
        "sekisho bench numbers",
        "sekisho bench ledger --json | jq .bars",
        "sekisho bench certs --quick",
    ))]
    Bench(Bench),
    /// Print a configuration file with every key explained, or check one.
    #[command(after_help = examples!(
        "sekisho config > sekisho.toml",
        "sekisho --config sekisho.toml config --check",
    ))]
    Config(Config),
    /// Print the permissions: who may do what for which purpose.
    Permissions,
    /// Print a completion script for a shell.
    #[command(after_help = examples!(
        "sekisho completions bash > ~/.local/share/bash-completion/completions/sekisho",
    ))]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a directory.
    #[command(after_help = examples!(
        "sekisho man ~/.local/share/man/man1",
    ))]
    Man {
        /// The directory.
        directory: PathBuf,
    },
}

/// Options of `up`.
#[derive(Args, Debug)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) population: Drawn,
    /// End after verifying instead of serving.
    #[arg(long)]
    pub(crate) no_serve: bool,
    /// Address of the API (http.listen).
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
}

/// Which residents are drawn.
#[derive(Args, Clone, Debug)]
pub(crate) struct Drawn {
    /// How many residents.
    #[arg(long, default_value_t = 20_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    pub(crate) residents: u32,
    /// The same seed draws the same people.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// First day of the year that is drawn.
    #[arg(long, default_value = "2025-04-01", value_name = "YYYY-MM-DD")]
    pub(crate) start: jiff::civil::Date,
}

/// Options of `init`.
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// Invent a passphrase and keep it in the data directory in `keys/passphrase`, for its owner
    /// only.
    #[arg(long)]
    pub(crate) generate_passphrase: bool,
    /// The ledger's name, for ever (ledger.origin).
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: Option<String>,
}

/// Options of `import`.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The feed; `-` for standard input.
    pub(crate) feed: PathBuf,
    /// Format; without it the first byte decides.
    #[arg(long, value_enum)]
    pub(crate) format: Option<FeedFormat>,
    /// Make the store and keys first if there are none, and give each municipality a stock of
    /// codes.
    #[arg(long)]
    pub(crate) prepare: bool,
}

/// Formats of a feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum FeedFormat {
    Csv,
    Jsonl,
}

/// Options of `serve`.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Address of the API (http.listen).
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
}

/// Number commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Number {
    /// Check numbers; `-` reads them from standard input, one per line.
    #[command(
        after_help = "Exit code 1 when a number is not valid. Numbers given as arguments can be \
                            seen by others on this machine; standard input cannot.\n\nExamples:\n  \
                            sekisho number check - < numbers.txt"
    )]
    Check {
        /// The numbers; the family is told by the length.
        #[arg(required = true, value_name = "NUMBER")]
        numbers: Vec<String>,
    },
    /// Show digits, weights, products, sum, remainder and check digit.
    #[command(after_help = examples!(
        "sekisho number explain 123456789018",
        "sekisho number explain 13101 --family local-government-code",
    ))]
    Explain {
        /// A number, or its payload without the check digit.
        number: String,
        /// The family, when the length does not tell.
        #[arg(long, value_enum)]
        family: Option<Family>,
    },
}

/// Families of numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Family {
    IndividualNumber,
    ResidentRecordCode,
    CorporateNumber,
    LocalGovernmentCode,
}

/// Ledger commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Ledger {
    /// Print the verifier key (C2SP signed note) with which anybody checks the ledger; while one
    /// key follows another, both, the newer first.
    Key,
    /// Publish what is committed and print the newest checkpoint.
    Checkpoint {
        /// First make every published tile and entry bundle again from the store: mends a
        /// publication that lost files.
        #[arg(long)]
        rebuild: bool,
    },
    /// Prove that an act is in the ledger; print the leaf and the proof.
    #[command(after_help = examples!(
        "sekisho ledger prove 0",
    ))]
    Prove {
        /// The act's id.
        act: u64,
        /// In the ledger of this size; without it, of the newest checkpoint.
        #[arg(long, value_name = "SIZE")]
        size: Option<u64>,
    },
    /// Recompute everything from the published entries and compare with the checkpoint.
    #[command(after_help = examples!(
        "sekisho ledger audit",
        "sekisho ledger audit copy/ --key \"$(cat ledger.key)\"",
        "sekisho ledger audit --witness \"$(cat w1.key)\" --witness \"$(cat w2.key)\" --quorum 1",
    ))]
    Audit {
        /// A published ledger; without it, that of the data directory.
        directory: Option<PathBuf>,
        /// The verifier key to trust; without it, that of the data directory.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// A witness's verifier key to trust; may be given several times. Without one, cosignatures
        /// are not looked at.
        #[arg(long = "witness", value_name = "KEY")]
        witnesses: Vec<String>,
        /// How many of these witnesses must have cosigned the checkpoint; without it, all of them.
        #[arg(long, value_name = "N", requires = "witnesses")]
        quorum: Option<usize>,
    },
}

/// Witness commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Witness {
    /// Make a witness's key, in a data directory of its own.
    #[command(after_help = examples!(
        "sekisho witness init --data witness --name witness.example.org/w1 --generate-passphrase",
    ))]
    Init {
        /// The witness's name, for ever: a URL without its scheme, reachable or not.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Invent a passphrase and keep it in the data directory in `keys/passphrase`, for its
        /// owner only.
        #[arg(long)]
        generate_passphrase: bool,
    },
    /// Print the verifier key (C2SP cosignature) with which anybody checks its cosignatures.
    #[command(after_help = examples!(
        "sekisho witness key --data witness > w1.key",
    ))]
    Key,
    /// Serve `add-checkpoint` (C2SP tlog-witness) until Ctrl-C.
    #[command(after_help = examples!(
        "sekisho witness serve --data witness --log \"$(cat ledger.key)\"",
        "sekisho witness serve --data witness --listen 127.0.0.1:8792 --log KEY --log OTHERKEY",
    ))]
    Serve {
        /// Address to listen on. What passes is public and signed, but not secret: it is plain
        /// HTTP.
        #[arg(long, default_value = "127.0.0.1:8791", value_name = "ADDRESS")]
        listen: std::net::SocketAddr,
        /// Verifier key of a ledger to watch, as `sekisho ledger key` prints it; may be given
        /// several times. The key's name is the ledger's.
        #[arg(long = "log", required = true, value_name = "KEY")]
        logs: Vec<String>,
    },
}

/// Options of `stock`.
#[derive(Args, Debug)]
pub(crate) struct Stock {
    /// The municipality's local government code (six digits).
    #[arg(long, value_name = "CODE")]
    pub(crate) municipality: String,
    /// How many codes.
    #[arg(long, value_name = "N")]
    pub(crate) count: u64,
    #[command(flatten)]
    pub(crate) acting: Acting,
}

/// Options of `population`.
#[derive(Args, Debug)]
pub(crate) struct Population {
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    /// Where to write the feed; `-` for standard output.
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// Options of `token`.
#[derive(Args, Debug)]
pub(crate) struct Token {
    /// Who: `municipality:131016`, `agency:nta`, `operator:k.sato`, `auditor:a`, or
    /// `verifier:bank-1` once it is registered.
    pub(crate) actor: String,
    /// For how long, in minutes.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1_440))]
    pub(crate) minutes: u32,
    #[command(flatten)]
    pub(crate) acting: Acting,
}

/// Who gives the command, as the ledger is to say it.
#[derive(Args, Debug)]
pub(crate) struct Acting {
    /// The operator who acts; without it the account on this machine, as `uid-1000`.
    #[arg(long, env = "SEKISHO_OPERATOR", value_name = "NAME")]
    pub(crate) operator: Option<String>,
}

/// Options of `dispose`.
#[derive(Args, Debug)]
pub(crate) struct Dispose {
    /// The operator who acts.
    #[arg(long, env = "SEKISHO_OPERATOR", value_name = "NAME")]
    pub(crate) operator: String,
    /// File with the person's resident record code; `-` for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) code: PathBuf,
}

/// Options of `bench`.
#[derive(Args, Debug)]
pub(crate) struct Bench {
    /// What to measure.
    #[arg(value_enum)]
    pub(crate) name: BenchName,
    /// How many (numbers, leaves, residents or certificates); each benchmark has its own default.
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    /// Smaller sizes, for a look in minutes; the bars are the same.
    #[arg(long)]
    pub(crate) quick: bool,
    /// PostgreSQL for `registry`, besides SQLite: `host=… dbname=… user=…`.
    #[arg(long, value_name = "URL")]
    pub(crate) postgresql: Option<String>,
    /// Where the stores of the benchmark are put while it runs.
    #[arg(long, value_name = "DIR")]
    pub(crate) scratch: Option<PathBuf>,
    /// The part of a benchmark that runs in a process of its own, in this folder.
    #[arg(long, value_name = "DIR", hide = true)]
    pub(crate) part: Option<PathBuf>,
    /// Write the results into this Markdown file as well.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// The benchmarks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum BenchName {
    Numbers,
    Assign,
    Ledger,
    Registry,
    Certs,
    Crl,
    Ocsp,
    Hsm,
    All,
}

/// Options of `config`.
#[derive(Args, Debug)]
pub(crate) struct Config {
    /// Check the configuration in force instead of printing the reference.
    #[arg(long)]
    pub(crate) check: bool,
}

//! The commands: each does one thing and answers with text, JSON and an exit code.

mod ca;
mod certs;
mod feed;
mod init;
mod keys;
mod ledger;
mod maintenance;
mod papers;
mod serve;
mod up;
mod verifiers;
mod witness;

use crate::cli::{Cli, Command};
use crate::config::Config;
use crate::output::{Answer, grouped, table};
use crate::wiring::{self, Wired};
use base::{Actor, ActorRefusal, Problem, labels};
use serde_json::json;
use std::io::{ErrorKind, IsTerminal, Read as _};
use std::path::Path;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

/// What every command has at hand.
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) json: bool,
}

impl Context {
    /// Whether progress is shown to nobody.
    pub(crate) fn quiet(&self) -> bool {
        self.json || !std::io::stderr().is_terminal()
    }

    pub(crate) fn open(&self) -> Result<Wired, Problem> {
        wiring::open(&self.config)
    }

    /// Opens for a change; where there is no platform yet, makes one.
    pub(crate) fn open_or_create(&self) -> Result<Wired, Problem> {
        match self.open_for_change() {
            Err(problem) if problem.label() == labels::NOT_INITIALISED.text => {
                wiring::create(&self.config, true)
            }
            opened => opened,
        }
    }

    /// Who gives the command: the operator named, or whoever the machine says it is. The key store
    /// opens for its owner only, so its owner is the one.
    pub(crate) fn operator(&self, name: Option<&str>) -> Result<Actor, Problem> {
        let name = match name {
            Some(name) => name.to_owned(),
            None => format!("uid-{}", wiring::owner(&self.config)?),
        };
        let actor = format!("operator:{name}").parse();
        actor.map_err(|refusal: ActorRefusal| Problem::from_refusal(refusal.label()))
    }

    /// Opens for a change. What is committed is published first: a store older than its published
    /// ledger is found before anything is added to it.
    pub(crate) fn open_for_change(&self) -> Result<Wired, Problem> {
        let wired = self.open()?;
        wired.publish()?;
        Ok(wired)
    }
}

/// What a file holds; `-` is standard input.
fn read_file(path: &Path) -> Result<Vec<u8>, Problem> {
    if path != Path::new("-") {
        return std::fs::read(path).map_err(io_at(path));
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().take(STANDARD_INPUT_BYTES_MAX).read_to_end(&mut bytes);
    read.map(|_| bytes).map_err(io_at(path))
}

/// What went wrong with a file that the caller named. One that is not there is the caller's affair,
/// not the platform's.
fn io_at(path: &Path) -> impl Fn(std::io::Error) -> Problem {
    let path = path.display().to_string();
    move |error| match error.kind() {
        ErrorKind::NotFound => Problem::new(&labels::PATH_ABSENT, path.clone()),
        kind => Problem::from_io(error).detail(format!("{path}: {kind}")),
    }
}

/// Carries out what the command line asks for.
pub(crate) fn run(cli: Cli) -> Result<Answer, Problem> {
    let config = Config::load(cli.global.config.as_deref())?;
    let config = config.with("data.directory", cli.global.data)?;
    let context = Context { config, json: cli.global.json };
    start_log(&context.config);
    match cli.command {
        Command::Up(asked) => up::up(context, asked),
        Command::Init(asked) => init::init(context, asked),
        Command::Import(asked) => feed::import(&context, &asked),
        Command::Serve(asked) => serve::serve(context, asked),
        Command::Verify => maintenance::verify(&context),
        Command::Number(asked) => papers::number(asked),
        Command::Ledger(asked) => ledger::ledger(&context, asked),
        Command::Witness(asked) => witness::witness(&context, asked),
        Command::Ca(asked) => ca::ca(&context, &asked),
        Command::Certs(asked) => certs::certs(&context, &asked),
        Command::Verifiers(asked) => verifiers::run(&context, &asked),
        Command::Stock(asked) => feed::stock(&context, &asked),
        Command::Population(asked) => feed::population(&context, &asked),
        Command::Lists => maintenance::lists(&context),
        Command::Token(asked) => serve::token(&context, &asked),
        Command::Dispose(asked) => maintenance::dispose(&context, &asked),
        Command::Keys(asked) => keys::keys(&context, &asked),
        Command::Kat => papers::kat(),
        Command::Bench(asked) => crate::bench::bench(&context, &asked),
        Command::Config(asked) => Ok(config_answer(&context, asked.check)),
        Command::Permissions => Ok(permissions()),
        Command::Completions { shell } => papers::completions(shell),
        Command::Man { directory } => papers::man(&directory),
    }
}

fn config_answer(context: &Context, check: bool) -> Answer {
    let keys = crate::config::keys();
    let values: serde_json::Map<_, _> =
        keys.map(|key| (key.name.to_owned(), json!(context.config.get(key.name)))).collect();
    if check {
        let rows: Vec<_> = values
            .iter()
            .map(|(name, value)| vec![name.clone(), value.as_str().unwrap_or("").to_owned()])
            .collect();
        return Answer::good(table(&["key", "value in force"], &rows), json!(values));
    }
    Answer::good(crate::config::reference(), json!(values))
}

fn permissions() -> Answer {
    let rows: Vec<_> = policy::TABLE
        .iter()
        .map(|row| {
            json!({
                "actor": row.actor,
                "action": row.action.word(),
                "purpose": row.purpose.word(),
                "basis": row.id,
                "own_only": row.own_only,
            })
        })
        .collect();
    let answer = json!({ "version": policy::VERSION, "permissions": rows });
    Answer::good(policy::matrix(), answer)
}

fn start_log(config: &Config) {
    let filter = tracing_subscriber::EnvFilter::new(config.get("log.level"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(BoxMakeWriter::new(std::io::stderr));
    // Fails only when a log is there already, which then is the one in force.
    drop(if config.get("log.format") == "json" {
        log.json().try_init()
    } else {
        log.with_target(false).try_init()
    });
}

/// `count` and what is counted, for people.
pub(crate) fn counted(count: u64, what: &str) -> Vec<String> {
    vec![what.to_owned(), grouped(count)]
}

/// What is read of standard input at most: more than any certificate or list of one has.
const STANDARD_INPUT_BYTES_MAX: u64 = 1 << 28;

//! `sekisho witness`: a data directory of its own with one key, and the record of what it cosigned.
//!
//! Owns the file `witness/key` with the verifier key, which ends the ceremony, and the lock that
//! keeps a second process from the record.

use super::Context;
use super::serve::{eprint_hint, stopped};
use crate::cli::Witness;
use crate::output::Answer;
use crate::wiring;
use app::platform::ed25519;
use app::witness::label;
use base::{Problem, labels};
use http_door::DoorLimits;
use ledger::note::{KeyName, SignatureKind, VerifierKey};
use ports::{KeyKind, Publication};
use serde_json::json;
use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use store::PublicationDirectory;
use x509::KeyAlgorithm;

/// Carries out a witness command.
pub(crate) fn witness(context: &Context, asked: Witness) -> Result<Answer, Problem> {
    match asked {
        Witness::Init { name, generate_passphrase } => init(context, &name, generate_passphrase),
        Witness::Key => key(context),
        Witness::Serve { listen, logs } => serve(context, listen, &logs),
    }
}

/// Makes the key; what an interrupted ceremony left is taken up.
fn init(context: &Context, name: &str, generate_passphrase: bool) -> Result<Answer, Problem> {
    let name: KeyName = name.parse().map_err(|_| {
        let form = "a name such as witness.example.org/w1, without spaces and plus signs";
        Problem::new(&labels::REQUEST_MALFORMED, form).in_field("name")
    })?;
    let there = |what: &str| Problem::new(&labels::ALREADY_INITIALISED, what);
    if folder(context).join(KEY).exists() {
        return Err(there("the witness has its key"));
    }
    let keys = wiring::make_keystore(&context.config, generate_passphrase)?;
    let own = label()?;
    let known = keys.list()?;
    if known.iter().any(|key| key.label != own) {
        return Err(there("a witness needs a data directory of its own, without other keys"));
    }
    if known.is_empty() {
        let at = wiring::clock(&context.config)?.now();
        keys.generate(
            &own,
            KeyKind::Sign(KeyAlgorithm::Ed25519),
            at,
            &mut *wiring::entropy_source()(),
        )?;
    }
    let key = VerifierKey::new(name, SignatureKind::CosignatureV1, ed25519(&*keys, &own)?);
    record(context)?.write(KEY, format!("{key}\n").as_bytes())?;
    let text = format!(
        "Witness   {key}\nData      {}\n\nHand this key to the ledgers it is to watch and to \
         everybody who checks them. Never give the witness a record older than its newest: it would \
         cosign a second history.",
        context.config.data().display()
    );
    Ok(Answer::good(text, told(&key)))
}

fn key(context: &Context) -> Result<Answer, Problem> {
    let key = own_key(context)?;
    Ok(Answer::good(key.to_string(), told(&key)))
}

fn serve(context: &Context, listen: SocketAddr, logs: &[String]) -> Result<Answer, Problem> {
    let key = own_key(context)?;
    let wrong = |_| Problem::new(&labels::REQUEST_MALFORMED, "a verifier key").in_field("log");
    let logs = logs.iter().map(|log| log.parse().map_err(wrong)).collect::<Result<Vec<_>, _>>()?;
    let _alone = alone(context)?;
    let keys = wiring::open_keystore(&context.config)?;
    let clock = wiring::clock(&context.config)?;
    let record = Arc::new(record(context)?);
    let witness = app::Witness::new((keys, clock), record, key.name().clone(), &logs)?;
    if *witness.key() != key {
        let detail = "the key store holds another key than `witness/key` names";
        return Err(Problem::new(&labels::KEYSTORE_DAMAGED, detail));
    }
    run(listen, witness)?;
    Ok(Answer::good("", json!({ "served": listen })))
}

fn run(listen: SocketAddr, witness: app::Witness) -> Result<(), Problem> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(Problem::from_io)?;
    runtime.block_on(async {
        let stopped = stopped()?;
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(Problem::from_io)?;
        let address = listener.local_addr().map_err(Problem::from_io)?;
        tracing::info!(%address, "serving");
        eprint_hint(&format!(
            "Serving on http://{address} until Ctrl-C. In the configuration of the ledger:\n\
             \x20 [ledger]\n\
             \x20 witnesses = [{{ key = \"{}\", url = \"http://{address}\" }}]\n",
            witness.key(),
        ));
        http_door::serve_witness(listener, Arc::new(witness), DoorLimits::default(), stopped).await
    })
}

/// Holds the record as long as it lives: two processes on one record could cosign two histories.
fn alone(context: &Context) -> Result<File, Problem> {
    let path = folder(context).join(LOCK);
    let lock = File::options().create(true).truncate(false).write(true).open(path);
    let lock = lock.map_err(Problem::from_io)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            Err(Problem::new(&labels::STORE_BUSY, "the witness is served already"))
        }
        Err(TryLockError::Error(error)) => Err(Problem::from_io(error)),
    }
}

fn own_key(context: &Context) -> Result<VerifierKey, Problem> {
    let absent = || {
        let detail = format!("{}: no witness; `sekisho witness init`", folder(context).display());
        Problem::new(&labels::NOT_INITIALISED, detail)
    };
    if !folder(context).is_dir() {
        return Err(absent());
    }
    let text = record(context)?.read(KEY)?.ok_or_else(absent)?;
    let damaged = || Problem::new(&labels::KEYSTORE_DAMAGED, "`witness/key` does not read");
    let text = String::from_utf8(text).map_err(|_| damaged())?;
    text.trim_end().parse().map_err(|_| damaged())
}

fn record(context: &Context) -> Result<PublicationDirectory, Problem> {
    PublicationDirectory::open(&folder(context))
}

fn folder(context: &Context) -> PathBuf {
    context.config.data().join("witness")
}

fn told(key: &VerifierKey) -> serde_json::Value {
    json!({ "name": key.name().as_str(), "key": key.to_string() })
}

const KEY: &str = "key";
/// Hidden, so that it is not among what is recorded.
const LOCK: &str = ".lock";

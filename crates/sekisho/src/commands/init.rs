//! `sekisho init`: the key ceremony.

use super::Context;
use crate::cli::Init;
use crate::output::{Answer, table};
use crate::wiring;
use base::Problem;
use serde_json::json;

/// Makes keys and store, and tells what was made.
pub(crate) fn init(context: Context, asked: Init) -> Result<Answer, Problem> {
    let config = context.config.with("ledger.origin", asked.origin)?;
    let wired = wiring::create(&config, asked.generate_passphrase)?;
    let keys = wired.platform.keys.list()?;
    let rows: Vec<_> = keys
        .iter()
        .map(|key| vec![key.label.to_string(), key.kind.to_string(), key.created.to_string()])
        .collect();
    let identity = app::publish::identity(&wired.platform)?;
    let verifier = identity.keys.first().map(ToString::to_string).unwrap_or_default();
    let text = format!(
        "{}\n\nLedger    {}\nVerifier  {verifier}\nData      {}\n\nHand the verifier key to \
         everybody who is to check the ledger. Keep a copy of the key store and of its passphrase, \
         apart from each other: without them nothing can be read again.",
        table(&["key", "kind", "made"], &rows),
        identity.origin.as_str(),
        config.data().display(),
    );
    let keys: Vec<_> = keys
        .iter()
        .map(|key| json!({ "label": key.label.to_string(), "kind": key.kind.word() }))
        .collect();
    let answer = json!({
        "keys": keys,
        "origin": identity.origin.as_str(),
        "verifier_key": verifier,
        "data": config.data(),
    });
    Ok(Answer::good(text, answer))
}

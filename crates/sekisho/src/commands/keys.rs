//! `sekisho keys`: which keys there are, the end of a former one, another passphrase.

use super::Context;
use crate::cli::Keys;
use crate::output::{Answer, program, table};
use crate::wiring;
use app::key_destroy::{key_destroy, key_list};
use base::Problem;
use ports::KeyLabel;
use serde_json::{Value, json};
use std::path::Path;

/// Carries out a key command.
pub(crate) fn keys(context: &Context, asked: &Keys) -> Result<Answer, Problem> {
    match asked {
        Keys::List => list(context),
        Keys::Destroy { label, acting, .. } => destroy(context, label, acting.operator.as_deref()),
        Keys::Passphrase { generate, new } => passphrase(context, *generate, new.as_deref()),
    }
}

fn list(context: &Context) -> Result<Answer, Problem> {
    let list = key_list(&context.open()?.platform)?;
    let (mut rows, mut answer) = (Vec::new(), Vec::new());
    for entry in list {
        let (label, kind) = (entry.key.label.to_string(), entry.key.kind.to_string());
        let made = entry.key.created.to_string();
        answer.push(json!({
            "label": label,
            "kind": kind,
            "created": made,
            "in_use": entry.in_use,
        }));
        let state = if entry.in_use { "in use" } else { "may be destroyed" };
        rows.push(vec![label, kind, made, state.to_owned()]);
    }
    Ok(Answer::good(table(&["key", "kind", "made", ""], &rows), Value::Array(answer)))
}

fn destroy(context: &Context, label: &str, operator: Option<&str>) -> Result<Answer, Problem> {
    let label: KeyLabel = label.parse().map_err(Problem::from)?;
    let wired = context.open_for_change()?;
    let act = key_destroy(&wired.platform, &context.operator(operator)?, &label)?;
    wired.publish()?;
    let text = format!(
        "{label} is destroyed, as act {act}. Programs that are running keep it in memory until they \
         end; copies of the key store made before still hold it."
    );
    Ok(Answer::good(text, json!({ "key": label.to_string(), "act": act.0 })))
}

fn passphrase(context: &Context, generate: bool, new: Option<&Path>) -> Result<Answer, Problem> {
    let kept = wiring::change_passphrase(&context.config, generate, new)?;
    let program = program();
    let text = match &kept {
        Some(file) => format!("The new passphrase is in {}.", file.display()),
        None => "Every place where the old one is kept needs the new one now.".to_owned(),
    };
    let text = format!(
        "{text} `{program} serve` must be started again. Copies of the key store made before still \
         open with the old one."
    );
    Ok(Answer::good(text, json!({ "passphrase_file": kept })))
}

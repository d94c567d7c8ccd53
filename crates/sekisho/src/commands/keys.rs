//! `sekisho keys`: the state of the keys, ceremonies, rotation, the end of a former one, another
//! passphrase.

use super::Context;
use crate::ceremony::Plan;
use crate::cli::keys::{Ceremony, Generate, Keys, Rotate};
use crate::output::{Answer, exit_code, grouped, problem_json, program, table};
use crate::progress;
use crate::wiring::{self, Wired};
use app::key_ceremony::{Carried, key_ceremony};
use app::key_destroy::key_destroy;
use app::key_generate::{fingerprint, key_generate};
use app::key_roles::KeyRole;
use app::key_rotate::{Asked, Rotated, key_rotate};
use app::key_status::{KeyState, Standing, key_status};
use base::{Problem, labels};
use keys::SoftKeyStore;
use ports::{DeviceState, KeyKind, KeyLabel, KeyStore, Publication};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use store::PublicationDirectory;

/// Carries out a key command.
pub(crate) fn keys(context: &Context, asked: &Keys) -> Result<Answer, Problem> {
    match asked {
        Keys::Status => status(context),
        Keys::Generate(asked) => generate(context, asked),
        Keys::Rotate(asked) => rotate(context, asked),
        Keys::Ceremony(asked) => ceremony(context, asked),
        Keys::Destroy { label, acting, .. } => destroy(context, label, acting.operator.as_deref()),
        Keys::Passphrase { generate, new } => passphrase(context, *generate, new.as_deref()),
    }
}

fn status(context: &Context) -> Result<Answer, Problem> {
    let status = key_status(&context.open()?.platform)?;
    let devices: Vec<_> = status.devices.iter().map(device_row).collect();
    let rows: Vec<_> = status.keys.iter().map(key_row).collect();
    let devices_table = table(&["held by", "kind", "condition", ""], &devices);
    let below = match &status.unlisted {
        None => table(&["key", "kind", "made", "", "for"], &rows),
        Some(problem) => format!("The keys cannot be named just now: {problem}"),
    };
    let devices: Vec<_> = status.devices.iter().map(device_json).collect();
    let keys: Vec<_> = status.keys.iter().map(key_json).collect();
    let problem = status.unlisted.as_ref().map(problem_json);
    let facts = json!({ "devices": devices, "keys": keys, "problem": problem });
    let mut answer = Answer::good(format!("{devices_table}\n\n{below}"), facts);
    answer.exit = status.unlisted.as_ref().map_or(0, exit_code);
    Ok(answer)
}

fn device_row(device: &DeviceState) -> Vec<String> {
    let DeviceState { name, kind, condition, detail } = device;
    vec![name.clone(), (*kind).to_owned(), condition.word().to_owned(), detail.clone()]
}

fn device_json(device: &DeviceState) -> Value {
    let DeviceState { name, kind, condition, detail } = device;
    json!({ "name": name, "kind": kind, "condition": condition.word(), "detail": detail })
}

fn key_row(state: &KeyState) -> Vec<String> {
    let KeyState { key, purpose, standing } = state;
    let shown = match standing {
        Standing::InUse => "in use".to_owned(),
        Standing::Former(why) => format!("former: {why}"),
        Standing::Waiting => "waiting".to_owned(),
        Standing::Done => "may be destroyed".to_owned(),
        Standing::Other => String::new(),
    };
    let purpose = purpose.unwrap_or_default().to_owned();
    let (label, kind) = (key.label.to_string(), key.kind.to_string());
    vec![label, kind, key.created.to_string(), shown, purpose]
}

fn key_json(state: &KeyState) -> Value {
    let KeyState { key, purpose, standing } = state;
    json!({
        "label": key.label.to_string(),
        "kind": key.kind.word(),
        "created": key.created.to_string(),
        "fingerprint": fingerprint(key),
        "purpose": purpose,
        "standing": standing.word(),
        "needed": standing.needed(),
    })
}

fn generate(context: &Context, asked: &Generate) -> Result<Answer, Problem> {
    let label: KeyLabel = asked.label.parse().map_err(Problem::from)?;
    let unknown = || Problem::new(&labels::KEY_LABEL_UNKNOWN, "no such kind of key");
    let kind = KeyKind::from_word(&asked.kind).ok_or_else(unknown)?;
    let wired = context.open_for_change()?;
    let operator = context.operator(asked.acting.operator.as_deref())?;
    let (act, key) = key_generate(&wired.platform, &operator, &label, kind)?;
    wired.publish()?;
    let text = format!(
        "{label} is made, as act {act}. It waits: `{} keys rotate {}` puts it into use.",
        program(),
        label.name()
    );
    let print = fingerprint(&key);
    Ok(Answer::good(text, json!({ "key": label.to_string(), "fingerprint": print, "act": act.0 })))
}

fn rotate(context: &Context, asked: &Rotate) -> Result<Answer, Problem> {
    let role = KeyRole::named(&asked.name)?;
    let wired = context.open_for_change()?;
    let operator = context.operator(asked.acting.operator.as_deref())?;
    let bar = progress::spinner("moving to the new key", context.quiet());
    let wanted = Asked { role, to: asked.to, finish: asked.finish };
    let done =
        key_rotate(&wired.platform, &operator, &wanted, &mut |moved| bar.set_position(moved));
    bar.finish_and_clear();
    let done = done?;
    wired.publish()?;
    let act = |act: Option<base::ActId>| act.map(|act| act.0);
    let former: Vec<_> = done.former.iter().map(ToString::to_string).collect();
    let answer = json!({
        "key": done.key.to_string(),
        "begun": act(done.begun),
        "ended": act(done.ended),
        "moved": done.moved,
        "former": former,
    });
    Ok(Answer::good(rotated(role, &done), answer))
}

/// What became of a rotation, for people.
fn rotated(role: KeyRole, done: &Rotated) -> String {
    let Rotated { key, begun, ended, moved, former } = done;
    let mut text = match begun {
        Some(act) => format!("{key} is in use, as act {act}."),
        None => format!("{key} was in use already."),
    };
    match role {
        KeyRole::Kek => text.push_str(&format!(" {} data keys were moved.", grouped(*moved))),
        KeyRole::SetDigest => text.push_str(&format!(
            " The records of {} persons were moved; each municipality asks for its new key.",
            grouped(*moved)
        )),
        _ => {}
    }
    if let Some(act) = ended {
        text.push_str(&format!(" The former key counts no more, as act {act}."));
    }
    let former: Vec<_> = former.iter().map(ToString::to_string).collect();
    if !former.is_empty() {
        let ends = match role {
            KeyRole::Ledger | KeyRole::Token => {
                format!("; `{} keys rotate {} --finish` ends that", program(), role.name())
            }
            _ => String::new(),
        };
        text.push_str(&format!(" Counting still: {}{ends}.", former.join(", ")));
    }
    text
}

/// The key store and the platform as a ceremony finds them.
fn found(context: &Context) -> Result<(Arc<dyn KeyStore>, Option<Wired>), Problem> {
    if !wiring::has_keystore(&context.config) {
        return Ok((Arc::new(SoftKeyStore::in_memory()), None));
    }
    let keys = wiring::open_keystore(&context.config)?;
    match context.open() {
        Err(problem) if problem.label() == labels::NOT_INITIALISED.text => Ok((keys, None)),
        opened => Ok((keys, Some(opened?))),
    }
}

fn ceremony(context: &Context, asked: &Ceremony) -> Result<Answer, Problem> {
    let bytes = std::fs::read(&asked.file).map_err(|error| {
        let absent = error.kind() == std::io::ErrorKind::NotFound;
        let label = if absent { &labels::PATH_ABSENT } else { &labels::IO };
        Problem::new(label, error.kind().to_string())
    })?;
    let plan = Plan::read(&bytes)?;
    if asked.check {
        return check(context, &plan);
    }
    let wired = match &plan.ceremony.before.origin {
        None => context.open_for_change()?,
        Some(origin) => begin(context, &plan, origin)?,
    };
    let operator = context.operator(asked.acting.operator.as_deref())?;
    let carried = key_ceremony(&wired.platform, &operator, &plan.ceremony)?;
    wired.publish()?;
    protocol(context, &plan, &wired, &carried)
}

/// Opens the data directory of a first ceremony. Nothing is made for one that does not fit.
fn begin(context: &Context, plan: &Plan, origin: &str) -> Result<Wired, Problem> {
    let (keys, wired) = found(context)?;
    if let Some(wired) = wired {
        // It was carried out before, or it does not fit: `key_ceremony` tells.
        return Ok(wired);
    }
    let config = context.config.clone().with("ledger.origin", Some(origin.to_owned()))?;
    let today = wiring::clock(&config)?.now().date_in_japan();
    let faults = plan.ceremony.faults(&*keys, None, today)?;
    if !faults.is_empty() {
        return Err(Problem::new(&labels::CEREMONY_UNFIT, faults.join("; ")));
    }
    drop(keys);
    wiring::prepare(&config, false)
}

fn check(context: &Context, plan: &Plan) -> Result<Answer, Problem> {
    let (keys, wired) = found(context)?;
    let platform = wired.as_ref().map(|wired| &wired.platform);
    let today = wiring::clock(&context.config)?.now().date_in_japan();
    let faults = plan.ceremony.faults(&*keys, platform, today)?;
    let digest = plan.ceremony.digest;
    let mut text = format!("{}\n\nFile      SHA-256 {digest}\n\n{}", plan.title, plan.table());
    faults.iter().for_each(|fault| text.push_str(&format!("\ndoes not fit: {fault}")));
    let keys: Vec<_> = plan.ceremony.keys.iter().map(|key| key.label.to_string()).collect();
    let answer = json!({
        "fits": faults.is_empty(),
        "file_sha256": digest.to_string(),
        "keys": keys,
        "faults": faults,
    });
    Ok(Answer::good(text, answer).holds_if(faults.is_empty()))
}

/// Writes the protocol into the data directory and tells it.
fn protocol(
    context: &Context,
    plan: &Plan,
    wired: &Wired,
    carried: &Carried,
) -> Result<Answer, Problem> {
    let identity = app::publish::identity(&wired.platform)?;
    let verifier = identity.keys.first().map(ToString::to_string);
    let first = plan.ceremony.before.origin.as_ref().and(verifier.as_deref());
    let (text, answer) = plan.protocol(carried, first);
    let place = context.config.data().join("ceremonies");
    let folder = PublicationDirectory::open_private(&place)?;
    let name = plan.ceremony.digest.to_string();
    folder.write(&format!("{name}.txt"), text.as_bytes())?;
    folder.write(&format!("{name}.json"), format!("{answer:#}\n").as_bytes())?;
    let shown = place.join(format!("{name}.txt"));
    Ok(Answer::good(format!("{text}\nin {}", shown.display()), answer))
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

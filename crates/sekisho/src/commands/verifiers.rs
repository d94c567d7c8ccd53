//! `sekisho verifiers`: who may ask about certificates, and what they owe for it.

use super::Context;
use crate::cli::{VerifierNamed, Verifiers, VerifiersRegister};
use crate::output::{Answer, table};
use app::verifiers::{Verifier, verifier_change, verifier_register, verifiers};
use authority::verifier::{Change, Filing, Provider, Refusal, Right, VerifierKind};
use base::Problem;
use serde_json::{Value, json};

/// Carries out a verifier command.
pub(crate) fn run(context: &Context, asked: &Verifiers) -> Result<Answer, Problem> {
    match asked {
        Verifiers::Register(asked) => register(context, asked),
        Verifiers::List => list(context),
        Verifiers::Suspend(named) => change(context, named, Change::Suspend),
        Verifiers::Resume(named) => change(context, named, Change::Resume),
        Verifiers::End(named) => change(context, named, Change::End),
    }
}

fn register(context: &Context, asked: &VerifiersRegister) -> Result<Answer, Problem> {
    let filing = filing(asked).map_err(|refusal| Problem::from_refusal(refusal.label()))?;
    let wired = context.open_for_change()?;
    let operator = context.operator(asked.acting.operator.as_deref())?;
    let (kind, name) = (filing.kind(), asked.name.clone());
    let act = wired.act(move |work| verifier_register(work, &operator, &name, &filing))?;
    let rights = Right::ALL.into_iter().filter(|right| kind.may(*right));
    let owed: Vec<_> = rights.map(|right| owed(kind, right)).collect();
    let text = format!(
        "verifier:{} is registered as {} ({}, art. {}), as act {}\n\n{}",
        asked.name,
        kind.word(),
        kind.japanese(),
        kind.article(),
        act.0,
        owed_table(kind)
    );
    let answer = json!({
        "name": asked.name,
        "kind": kind.word(),
        "article": kind.article(),
        "act": act.0,
        "owed": owed,
    });
    Ok(Answer::good(text, answer))
}

fn filing(asked: &VerifiersRegister) -> Result<Filing, Refusal> {
    let kind = VerifierKind::from_word(&asked.kind).ok_or(Refusal::Absent)?;
    let approval = asked.approval.as_deref().map(str::parse).transpose()?;
    let providers: Result<Vec<Provider>, _> =
        asked.providers.iter().map(|provider| provider.parse()).collect();
    Filing::new(kind, asked.purpose.parse()?, approval, providers?)
}

fn list(context: &Context) -> Result<Answer, Problem> {
    let wired = context.open()?;
    let all = verifiers(&wired.platform)?;
    let rows: Vec<_> = all.iter().map(row).collect();
    let text = table(&["verifier", "kind", "state", "since", "purpose", "act"], &rows);
    Ok(Answer::good(text, all.iter().map(verifier_json).collect()))
}

fn row(verifier: &Verifier) -> Vec<String> {
    vec![
        verifier.name.clone(),
        verifier.filing.kind().word().to_owned(),
        verifier.state.word().to_owned(),
        verifier.since.to_string(),
        verifier.filing.purpose().to_string(),
        verifier.act.to_string(),
    ]
}

fn verifier_json(verifier: &Verifier) -> Value {
    let filing = &verifier.filing;
    let providers = filing.providers().iter();
    let providers: Vec<_> = providers
        .map(|one| json!({ "name": one.name(), "purpose": one.purpose().as_str() }))
        .collect();
    json!({
        "name": verifier.name,
        "kind": filing.kind().word(),
        "purpose": filing.purpose().as_str(),
        "approval": filing.approval().map(authority::verifier::PlainText::as_str),
        "providers": providers,
        "state": verifier.state.word(),
        "since": verifier.since.to_string(),
        "act": verifier.act.0,
    })
}

fn change(context: &Context, named: &VerifierNamed, change: Change) -> Result<Answer, Problem> {
    let wired = context.open_for_change()?;
    let operator = context.operator(named.acting.operator.as_deref())?;
    let name = named.name.clone();
    let (act, state) = wired.act(move |work| verifier_change(work, &operator, &name, change))?;
    let text = format!("verifier:{} is {}, as act {}", named.name, state.word(), act.0);
    let answer = json!({ "name": named.name, "state": state.word(), "act": act.0 });
    Ok(Answer::good(text, answer))
}

fn owed_table(kind: VerifierKind) -> String {
    let mut rows = Vec::new();
    for right in Right::ALL.into_iter().filter(|right| kind.may(*right)) {
        let duties = kind.duties(right).iter().map(|duty| (duty.english(), duty.japanese()));
        let keeping = right.keeping().iter().map(|keep| (keep.english(), keep.japanese()));
        let sentences = duties.chain(keeping);
        rows.extend(sentences.map(|(english, japanese)| {
            vec![
                format!("{} ({})", right.word(), right.article()),
                format!("{english}\n{japanese}"),
            ]
        }));
    }
    table(&["may ask", "and owes"], &rows)
}

fn owed(kind: VerifierKind, right: Right) -> Value {
    let duties: Vec<_> = kind.duties(right).iter().map(|duty| duty.word()).collect();
    let keeping: Vec<_> = right.keeping().iter().map(|keeping| keeping.word()).collect();
    json!({
        "right": right.word(),
        "article": right.article(),
        "duties": duties,
        "keeping": keeping,
    })
}

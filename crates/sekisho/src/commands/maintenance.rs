//! `verify`, `lists` and `dispose`: what operators do.

use super::{Context, counted, read_file};
use crate::cli::Dispose;
use crate::output::{Answer, program, table};
use crate::progress;
use crate::wiring::Wired;
use app::number_ask::Whose;
use app::verify::VerifyReport;
use base::{Problem, Purpose};
use numbers::ResidentRecordCode;
use serde_json::json;
use std::path::Path;
use zeroize::Zeroizing;

/// Walks the whole store and the published revocation lists.
pub(crate) fn verify(context: &Context) -> Result<Answer, Problem> {
    let wired = context.open()?;
    let report = walk(&wired, context.quiet())?;
    let rows = [
        counted(report.persons, "persons"),
        counted(report.numbers, "numbers"),
        counted(report.messages, "feed messages"),
        counted(report.acts, "acts"),
        counted(report.checkpoints, "checkpoints"),
        counted(report.cosignatures, "cosignatures"),
        counted(report.certificates, "certificates"),
        counted(report.open_certificates, "certificates to be finished"),
        counted(report.verifiers, "verifiers"),
        counted(report.lists, "revocation lists"),
        counted(report.faults.len() as u64, "faults"),
    ];
    let mut text = table(&["verified", ""], &rows);
    report.faults.iter().for_each(|fault| text.push_str(&format!("\nfault: {fault}")));
    let answer = json!({
        "holds": report.holds(),
        "persons": report.persons,
        "numbers": report.numbers,
        "messages": report.messages,
        "acts": report.acts,
        "checkpoints": report.checkpoints,
        "cosignatures": report.cosignatures,
        "certificates": report.certificates,
        "open_certificates": report.open_certificates,
        "verifiers": report.verifiers,
        "lists": report.lists,
        "faults": report.faults,
    });
    Ok(Answer::good(text, answer).holds_if(report.holds()))
}

/// Verifies with a progress bar.
pub(crate) fn walk(wired: &Wired, quiet: bool) -> Result<VerifyReport, Problem> {
    let bar = progress::spinner("verifying the store", quiet);
    let report = app::verify::verify(&wired.platform, &mut |rows| bar.set_position(rows));
    bar.finish_and_clear();
    let mut report = report?;
    app::verify::verify_lists(&wired.platform, &*wired.crl, &mut report)?;
    Ok(report)
}

/// Writes the number lists that are due.
pub(crate) fn lists(context: &Context) -> Result<Answer, Problem> {
    let wired = context.open_for_change()?;
    let made = app::number_list::number_lists(&wired.platform, &*wired.deliveries, &mut |_| {})?;
    wired.publish()?;
    let rows = [counted(made.lists, "lists"), counted(made.entries, "entries")];
    let folder = context.config.data().join("deliveries");
    let text = format!("{}\nin {}", table(&["written", ""], &rows), folder.display());
    let answer = json!({ "lists": made.lists, "entries": made.entries, "directory": folder });
    Ok(Answer::good(text, answer))
}

/// Destroys a person's content.
pub(crate) fn dispose(context: &Context, asked: &Dispose) -> Result<Answer, Problem> {
    let actor = context.operator(Some(&asked.operator))?;
    let code = read_code(&asked.code)?;
    let wired = context.open_for_change()?;
    let mut act = None;
    app::commit::transact(&wired.platform, |work| {
        let whose = Whose::Code(code.clone());
        act = Some(app::disposal::disposal(work, &actor, Purpose::Operation, &whose)?);
        Ok(())
    })?;
    wired.publish()?;
    let act = act.map_or(0, |act| act.0);
    let text = format!(
        "disposed of, as act {act}; start a new key epoch (`{0} keys rotate kek`) and destroy the old key \
         (`{0} keys destroy`), so that backups are unreadable too",
        program()
    );
    Ok(Answer::good(text, json!({ "act": act })))
}

/// The resident record code in a file.
pub(super) fn read_code(path: &Path) -> Result<ResidentRecordCode, Problem> {
    let refused = |refusal: numbers::NumberRefusal| Problem::from_refusal(refusal.label());
    let bytes = Zeroizing::new(read_file(path)?);
    std::str::from_utf8(&bytes).unwrap_or_default().trim().parse().map_err(refused)
}

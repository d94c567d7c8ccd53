//! `sekisho ca`: the certification authorities of the platform.

mod status;

use super::Context;
use crate::cli::{Ca, CaInit};
use crate::output::{Answer, program, table};
use crate::wiring::Wired;
use app::authorities::{Authorities, Authority};
use app::authority_init::{AuthorityAsked, authority_init};
use app::revocation_list::{all_lists, list_paths};
use authority::CertificateKind;
use authority::profile::Partition as Point;
use authority::validity::issues_until;
use base::{Actor, Date, Problem, labels};
use jiff::ToSpan as _;
use ports::rows::{Partition, RevocationListRow, authority_state};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use x509::KeyAlgorithm;
use x509::pem::{CERTIFICATE, X509_CRL, encode};

/// Carries out a command of the authorities.
pub(crate) fn ca(context: &Context, asked: &Ca) -> Result<Answer, Problem> {
    match asked {
        Ca::Init(asked) => init(context, asked),
        Ca::List => list(&context.open()?),
        Ca::Status => status::status(context),
        Ca::Save { directory } => save(context, directory),
        Ca::Retire { id, acting } => retire(context, *id, acting.operator.as_deref()),
    }
}

fn init(context: &Context, asked: &CaInit) -> Result<Answer, Problem> {
    let wired = context.open_for_change()?;
    let operator = context.operator(asked.acting.operator.as_deref())?;
    let wanted = match asked.kind {
        Some(kind) => vec![kind.into()],
        None => missing(&read(&wired)?),
    };
    if wanted.is_empty() {
        let detail = "name a kind to found the next generation of its hierarchy";
        return Err(Problem::new(&labels::AUTHORITY_EXISTS, detail));
    }
    let founded = found(&wired, &operator, &wanted, asked.algorithm.into())?;
    let program = program();
    let mut answer = shown(&founded, today(&wired));
    answer.text.push_str(&format!(
        "\n\nHand the certificates (`{program} ca save DIRECTORY`) to everybody who is to check \
         what they issue. Copy the key store now: a key that is lost signs no list any more."
    ));
    Ok(answer)
}

/// The hierarchies that have no authority that issues.
pub(super) fn missing(authorities: &[Arc<Authority>]) -> Vec<CertificateKind> {
    let issues = |kind: &CertificateKind| {
        authorities.iter().any(|authority| authority.kind() == *kind && authority.issues())
    };
    CertificateKind::ALL.into_iter().filter(|kind| !issues(kind)).collect()
}

/// Founds authorities and makes their first lists.
pub(super) fn found(
    wired: &Wired,
    operator: &Actor,
    kinds: &[CertificateKind],
    algorithm: KeyAlgorithm,
) -> Result<Vec<Arc<Authority>>, Problem> {
    let one = |kind: &CertificateKind| {
        let asked = AuthorityAsked { kind: *kind, algorithm };
        authority_init(&wired.platform, operator, asked)
    };
    let founded: Result<_, _> = kinds.iter().map(one).collect();
    // What was founded is published, whatever became of the rest.
    wired.lists().make_due()?;
    wired.publish()?;
    founded
}

/// All authorities of the platform.
pub(super) fn read(wired: &Wired) -> Result<Vec<Arc<Authority>>, Problem> {
    let mut found = Vec::new();
    wired.platform.store.snapshot("authorities", &mut |view| {
        found = Authorities::read(view)?.iter().map(Arc::clone).collect();
        Ok(())
    })?;
    Ok(found)
}

fn list(wired: &Wired) -> Result<Answer, Problem> {
    let (authorities, today) = (read(wired)?, today(wired));
    let mut answer = shown(&authorities, today);
    for ending in authorities.iter().filter(|one| ends_soon(one, &authorities, today)) {
        let (id, until) = (ending.id(), issues_until(ending.issuer.not_after));
        let (kind, algorithm) = (ending.kind().word(), ending.algorithm().word());
        answer.text.push_str(&format!(
            "\n\nAuthority {id} is near its end: after {until} it refuses certificates that would \
             outlive it. Found the next generation (`{} ca init --kind {kind} --algorithm \
             {algorithm}`) and hand its certificate out in time.",
            program()
        ));
    }
    Ok(answer)
}

fn today(wired: &Wired) -> Date {
    wired.platform.clock.now().date_in_japan()
}

/// Whether an authority that nothing follows comes to the end of its issuing.
fn ends_soon(authority: &Authority, all: &[Arc<Authority>], today: Date) -> bool {
    let follows = |other: &&Arc<Authority>| {
        other.kind() == authority.kind()
            && other.algorithm() == authority.algorithm()
            && other.row.generation > authority.row.generation
            && other.issues()
    };
    // Time to hand a new authority's certificate to everybody who is to believe it.
    let warned_from = issues_until(authority.issuer.not_after).saturating_sub(1.year());
    authority.issues() && today >= warned_from && !all.iter().any(|other| follows(&other))
}

fn shown(authorities: &[Arc<Authority>], today: Date) -> Answer {
    let header = [
        "id",
        "kind",
        "generation",
        "state",
        "signs with",
        "key",
        "serial",
        "issues until",
        "valid until",
    ];
    let rows: Vec<_> = authorities
        .iter()
        .map(|authority| {
            let row = &authority.row;
            vec![
                row.id.to_string(),
                authority.kind().to_string(),
                row.generation.to_string(),
                state(row.state).to_owned(),
                authority.algorithm().to_string(),
                row.key_label.clone(),
                row.serial.to_string(),
                issues_until(authority.issuer.not_after).to_string(),
                authority.issuer.not_after.to_string(),
            ]
        })
        .collect();
    let mut text = table(&header, &rows);
    for authority in authorities {
        text.push_str(&format!("\nSHA-256 of {}: {}", authority.id(), fingerprint(authority)));
    }
    let one = |one: &Arc<Authority>| facts(one, ends_soon(one, authorities, today));
    Answer::good(text, Value::Array(authorities.iter().map(one).collect()))
}

fn facts(authority: &Authority, ends_soon: bool) -> Value {
    let row = &authority.row;
    json!({
        "id": row.id,
        "kind": authority.kind().word(),
        "generation": row.generation,
        "state": state(row.state),
        "algorithm": authority.algorithm().word(),
        "key": row.key_label,
        "serial": row.serial,
        "issues_until": issues_until(authority.issuer.not_after).to_string(),
        "ends_soon": ends_soon,
        "not_after": authority.issuer.not_after.to_string(),
        "sha256": fingerprint(authority),
        "act": row.act.0,
    })
}

const fn state(stored: i64) -> &'static str {
    match stored {
        authority_state::ISSUING => "issuing",
        authority_state::RETIRED => "retired",
        _ => "revoked",
    }
}

fn fingerprint(authority: &Authority) -> String {
    let digest = x509::sha256(&authority.row.certificate);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn retire(context: &Context, id: i64, operator: Option<&str>) -> Result<Answer, Problem> {
    let wired = context.open_for_change()?;
    let operator = context.operator(operator)?;
    let act =
        wired.act(move |work| app::authority_retire::authority_retire(work, &operator, id))?;
    let text = format!(
        "Authority {id} issues no more, as act {act}. Its key signs lists and answers until what it \
         issued has ended."
    );
    Ok(Answer::good(text, json!({ "id": id, "act": act.0 })))
}

/// Writes what everybody may have: certificates and lists.
fn save(context: &Context, directory: &Path) -> Result<Answer, Problem> {
    let wired = context.open()?;
    let authorities = read(&wired)?;
    let mut saved = Saved { directory, files: Vec::new() };
    let mut anchors = String::new();
    for authority in &authorities {
        let name = format!("{}-{}", authority.kind().word(), authority.row.generation);
        let pem = encode(CERTIFICATE, &authority.row.certificate);
        saved.write(&format!("{name}.der"), &authority.row.certificate)?;
        saved.write(&format!("{name}.pem"), pem.as_bytes())?;
        anchors.push_str(&pem);
    }
    saved.write("authorities.pem", anchors.as_bytes())?;
    let mut lists = String::new();
    for path in paths_of_all(&wired, &authorities)? {
        let Some(list) = wired.crl.read(&path)? else { continue };
        saved.write(&format!("crl/{path}"), &list)?;
        if !path.ends_with("-delta.crl") {
            lists.push_str(&encode(X509_CRL, &list));
        }
    }
    saved.write("lists.pem", lists.as_bytes())?;
    let text = format!("{} files in {}", saved.files.len(), directory.display());
    Ok(Answer::good(text, json!({ "directory": directory, "files": saved.files })))
}

/// Where all lists are, complete ones and deltas.
fn paths_of_all(wired: &Wired, authorities: &[Arc<Authority>]) -> Result<Vec<String>, Problem> {
    let mut lists = Vec::new();
    wired.platform.store.snapshot("lists", &mut |view| {
        lists = all_lists(view)?;
        Ok(())
    })?;
    let paths = |row: &RevocationListRow| {
        let of = authorities.iter().find(|one| one.id() == row.partition.authority);
        of.into_iter().flat_map(|authority| list_paths(authority, row)).collect::<Vec<_>>()
    };
    Ok(lists.iter().flat_map(paths).collect())
}

/// Where the list of a partition is; of the authorities' own, the one of authorities.
fn list_path(authority: &Authority, of: Partition) -> String {
    authority.issuer.list_path(of.municipality.map_or(Point::Authorities, Point::Municipality))
}

/// What was saved so far.
struct Saved<'a> {
    directory: &'a Path,
    files: Vec<String>,
}

impl Saved<'_> {
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Problem> {
        let path = self.directory.join(name);
        let folder = path.parent().unwrap_or(self.directory);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, bytes));
        written.map_err(super::io_at(&path))?;
        self.files.push(name.to_owned());
        Ok(())
    }
}

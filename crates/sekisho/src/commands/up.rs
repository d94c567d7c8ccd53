//! `sekisho up`: the whole first road with one command.
//!
//! Every step can be repeated: what an interrupted run left is taken up, what is there stays.

use super::{Context, ca, counted, feed, maintenance, serve};
use crate::cli::{Drawn, Up};
use crate::draw;
use crate::output::{Answer, program, table};
use crate::progress;
use crate::wiring::Wired;
use app::import::ImportReport;
use app::number_list::ListsMade;
use app::verify::VerifyReport;
use base::{Date, Problem, labels};
use jiff::ToSpan;
use numbers::{LocalGovernmentCode, ResidentRecordCode};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Instant;
use x509::KeyAlgorithm;

/// What the road led to.
struct Road {
    founded: usize,
    import: ImportReport,
    lists: ListsMade,
    published: u64,
    verified: VerifyReport,
    feed: PathBuf,
    sample: Option<Sample>,
    seconds: f64,
}

/// A resident with whom a newcomer can try the certificates.
struct Sample {
    /// The line of the feed that holds their code.
    line: usize,
    municipality: LocalGovernmentCode,
    /// The last day of a card that is handed out today.
    card_end: Date,
}

/// Draws, numbers, lists, publishes, verifies; then serves.
pub(crate) fn up(context: Context, asked: Up) -> Result<Answer, Problem> {
    let started = Instant::now();
    let wired = context.open_or_create()?;
    let mut road = walk(&context, &wired, &asked.population)?;
    road.seconds = started.elapsed().as_secs_f64();
    let holds = road.verified.holds() && road.import.is_clean();
    let answer = Answer::good(summary(&context, &road), facts(&road)).holds_if(holds);
    if asked.no_serve || !holds {
        return Ok(answer);
    }
    crate::output::print(&answer, context.json)?;
    let config = context.config.with("http.listen", asked.listen)?;
    serve::run(&config, wired)?;
    Ok(Answer::good("", Value::Null))
}

fn walk(context: &Context, wired: &Wired, drawn: &Drawn) -> Result<Road, Problem> {
    let quiet = context.quiet();
    let founded = founded(context, wired)?;
    let feed = drawn_feed(context, wired, drawn)?;
    let import = feed::take_in(wired, &feed, None, quiet)?;
    let bar = progress::bar("writing number lists", u64::from(drawn.residents), quiet);
    let mut count = |entries| bar.set_position(entries);
    let lists = app::number_list::number_lists(&wired.platform, &*wired.deliveries, &mut count)?;
    bar.finish_and_clear();
    let spinner = progress::spinner("publishing the ledger", quiet);
    let published = wired.publish()?;
    spinner.finish_and_clear();
    let verified = maintenance::walk(wired, quiet)?;
    let sample = sample(wired, &feed)?;
    Ok(Road { founded, import, lists, published, verified, feed, sample, seconds: 0.0 })
}

/// The first of the feed who is registered somewhere now. Nothing of theirs is opened.
fn sample(wired: &Wired, feed: &Path) -> Result<Option<Sample>, Problem> {
    let today = wired.platform.clock.now().date_in_japan();
    let lines = BufReader::new(File::open(feed).map_err(Problem::from_io)?).lines();
    for (line, text) in (1..).zip(lines).take(SAMPLE_LINES) {
        let text = text.map_err(Problem::from_io)?;
        let code = text.split(',').nth(CODE_COLUMN).map(str::parse::<ResidentRecordCode>);
        let Some(Ok(code)) = code else { continue };
        let index = wired.platform.code_index(&code)?;
        let mut keeper = None;
        wired.platform.store.snapshot("sample", &mut |view| {
            let held = view.codes(&[index])?.pop().flatten().filter(|row| row.ended_act.is_none());
            let person = held.map(|row| view.persons(&[row.person])).transpose()?;
            let person = person.and_then(|mut rows| rows.pop().flatten());
            let registered = person.filter(|row| row.status == ports::rows::status::REGISTERED);
            keeper = registered.map(|row| row.municipality);
            Ok(())
        })?;
        if let Some(municipality) = keeper {
            let card_end = today.saturating_add(CARD_YEARS.years());
            return Ok(Some(Sample { line, municipality, card_end }));
        }
    }
    Ok(None)
}

/// Both certification authorities, so that certificates can be issued at once; how many were
/// founded now. The keys of this algorithm are made in no time.
fn founded(context: &Context, wired: &Wired) -> Result<usize, Problem> {
    let missing = ca::missing(&ca::read(wired)?);
    let operator = context.operator(None)?;
    ca::found(wired, &operator, &missing, KeyAlgorithm::P256).map(|founded| founded.len())
}

/// The drawn feed, from an earlier run or drawn now.
fn drawn_feed(context: &Context, wired: &Wired, drawn: &Drawn) -> Result<PathBuf, Problem> {
    let Drawn { residents, seed, start } = drawn;
    let folder = context.config.data().join("population");
    std::fs::create_dir_all(&folder)
        .map_err(|error| Problem::new(&labels::DATA_DIRECTORY, error.kind().to_string()))?;
    let path = folder.join(format!("feed-{seed}-{residents}-{start}.csv"));
    if !path.exists() {
        refuse_second_country(wired)?;
        let bar = progress::bar("drawing residents", feed::expected(drawn), context.quiet());
        draw::write_feed(&wired.platform, drawn, &path, &bar)?;
        bar.finish_and_clear();
    }
    Ok(path)
}

/// Invented residents get the sequence numbers that their municipalities begin with: there is room
/// for one country, and none where a feed was taken in.
fn refuse_second_country(wired: &Wired) -> Result<(), Problem> {
    let mut is_empty = true;
    wired.platform.store.snapshot("country", &mut |view| {
        is_empty = view.all_cursors()?.is_empty();
        Ok(())
    })?;
    if is_empty {
        return Ok(());
    }
    let detail = "residents of another feed, seed, size or year are there";
    Err(Problem::new(&labels::ALREADY_INITIALISED, detail))
}

fn summary(context: &Context, road: &Road) -> String {
    let places = places::municipalities().count() as u64;
    let rows = [
        counted(places, "municipalities of Japan"),
        counted(road.import.messages, "resident events fed in"),
        counted(road.import.applied, "applied now"),
        counted(road.import.repeated, "known before"),
        counted(road.lists.lists, "number lists written"),
        counted(road.lists.entries, "people on them"),
        counted(road.founded as u64, "certification authorities founded"),
        counted(road.published, "acts in the published ledger"),
        counted(road.verified.persons, "persons verified"),
        counted(road.verified.faults.len() as u64, "faults"),
    ];
    let data = context.config.data();
    let (program, data) = (program(), data.display());
    let mut text = table(&["a country in small", ""], &rows);
    text.push_str(&format!("\n{:.1} seconds, everything in {data}\n", road.seconds));
    road.verified.faults.iter().for_each(|fault| text.push_str(&format!("\nfault: {fault}")));
    road.import.problems.iter().for_each(|problem| text.push_str(&format!("\n{problem}")));
    text.push_str(&format!(
        "\nTry next:\n\
         \x20 {program} --data {data} verify\n\
         \x20 {program} --data {data} ledger audit\n\
         \x20 {program} --data {data} ledger prove 0\n\
         \x20 {program} --data {data} ca save ca     # certificates and lists, for openssl\n\
         \x20 {program} --data {data} import {}     # the same again changes nothing\n\
         \x20 {program} number explain 123456789018\n",
        road.feed.display()
    ));
    if let Some(Sample { line, municipality, card_end }) = &road.sample {
        text.push_str(&format!(
            "\x20 openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=card \
             -keyout card.key -out card.csr\n\
             \x20 sed -n {line}p {} | cut -d, -f5 | {program} --data {data} certs issue --municipality \
             {municipality} --kind authentication --code - --request card.csr --card-end {card_end} \
             --out card.pem\n",
            road.feed.display()
        ));
    }
    text
}

fn facts(road: &Road) -> Value {
    json!({
        "municipalities": places::municipalities().count(),
        "events": road.import.messages,
        "applied": road.import.applied,
        "repeated": road.import.repeated,
        "refused": road.import.refused,
        "rejected": road.import.rejected,
        "lists": road.lists.lists,
        "list_entries": road.lists.entries,
        "authorities": road.founded,
        "published": road.published,
        "persons": road.verified.persons,
        "numbers": road.verified.numbers,
        "faults": road.verified.faults,
        "feed": road.feed,
        "seconds": road.seconds,
    })
}

/// Of the feed, so many lines are looked at for somebody to try the certificates with.
const SAMPLE_LINES: usize = 1_000;
/// Where a feed has the resident record code.
const CODE_COLUMN: usize = 4;
/// A card is good until the tenth birthday, and less in hand.
const CARD_YEARS: i64 = 9;

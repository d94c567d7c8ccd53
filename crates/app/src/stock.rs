//! Stocks of resident record codes (住民票コード): J-LIS gives each municipality codes in advance, so
//! that no two ever give the same one (Basic Resident Register Act art. 30-2).
//!
//! A stock is a range of counters; the code of a counter is a keyed permutation of it. Nobody can
//! tell a code's neighbours, and the whole country needs one counter.

use crate::platform::CODE_DOMAIN;
use crate::work::{Outcome, Work, broken};
use base::{ActId, Problem, labels, limits};
use numbers::{LocalGovernmentCode, ResidentRecordCode};
use policy::Permit;
use ports::rows::StockRow;

/// A stock that was given out.
#[derive(Clone, Debug)]
pub struct StockIssued {
    /// The act.
    pub act: ActId,
    /// The stock's number.
    pub id: i64,
    /// The codes, in counter order.
    pub codes: Vec<ResidentRecordCode>,
}

/// Gives `count` new codes to a municipality.
pub fn stock_issue(
    work: &mut Work<'_>,
    permit: &Permit,
    municipality: LocalGovernmentCode,
    count: u64,
) -> Result<StockIssued, Problem> {
    registrar(municipality)?;
    if count == 0 || count > limits::STOCK_CODES_MAX {
        let range = format!("a stock has 1 to {} codes", limits::STOCK_CODES_MAX);
        return Err(Problem::new(&labels::REQUEST_MALFORMED, range).in_field("count"));
    }
    let (id, first) = work.next_stock()?;
    if first + count > CODE_DOMAIN.below {
        return Err(Problem::new(&labels::STOCK_EMPTY, "all codes are given out"));
    }
    let counters: Vec<u64> = (first..first + count).collect();
    let codes = codes_of(work, &counters)?;
    let content = format!("stock {id} {municipality} {first} {count}");
    let act = work.record(permit, Outcome::Done, None, content.as_bytes())?;
    work.keep_stock(StockRow { id, municipality, first, count, used: 0 })?;
    Ok(StockIssued { act, id, codes })
}

/// Tells again what stock was given out. Whose its codes are by now it does not tell.
pub fn stock_issue_again(
    work: &mut Work<'_>,
    _permit: &Permit,
    municipality: LocalGovernmentCode,
    (act, id): (ActId, i64),
) -> Result<StockIssued, Problem> {
    let stock = work.stocks(municipality)?.into_iter().find(|stock| stock.id == id);
    let stock = stock.ok_or_else(|| broken("a stock that was given out is gone"))?;
    let counters: Vec<u64> = (stock.first..stock.first + stock.count).collect();
    Ok(StockIssued { act, id, codes: codes_of(work, &counters)? })
}

/// All codes of a municipality's stocks, oldest first, used or not: what its own register may
/// enter.
pub fn stock_codes(
    work: &mut Work<'_>,
    municipality: LocalGovernmentCode,
) -> Result<Vec<ResidentRecordCode>, Problem> {
    let stocks = work.stocks(municipality)?;
    let counters = stocks.iter().flat_map(|stock| stock.first..stock.first + stock.count);
    codes_of(work, &counters.collect::<Vec<_>>())
}

/// A code to be taken from a stock, and the stock as it is after that.
pub(crate) struct Drawn {
    pub(crate) code: ResidentRecordCode,
    pub(crate) stock: StockRow,
}

/// The next code of the municipality's stocks that nobody holds. The code is free until the stock
/// is kept; that those before it were given out is kept at once, so that none is looked up again.
pub(crate) fn next_code(
    work: &mut Work<'_>,
    municipality: LocalGovernmentCode,
) -> Result<Drawn, Problem> {
    for mut stock in work.stocks(municipality)? {
        let before = stock.used;
        let free = first_free(work, &mut stock)?;
        if stock.used != before {
            work.keep_stock(stock.clone())?;
        }
        if let Some(code) = free {
            stock.used += 1;
            return Ok(Drawn { code, stock });
        }
    }
    Err(Problem::new(&labels::STOCK_EMPTY, ""))
}

/// Moves a stock past the codes that were used, whoever took them, to the first that was not.
fn first_free(
    work: &mut Work<'_>,
    stock: &mut StockRow,
) -> Result<Option<ResidentRecordCode>, Problem> {
    // The first is free as a rule; the more are not, the more are looked up together.
    let mut page_codes = 1;
    while stock.used < stock.count {
        let next = stock.first + stock.used;
        let end = (next + page_codes).min(stock.first + stock.count);
        let codes = codes_of(work, &(next..end).collect::<Vec<_>>())?;
        work.prefetch_codes(&codes)?;
        for code in codes {
            if !work.code_was_used(&code)? {
                return Ok(Some(code));
            }
            stock.used += 1;
        }
        page_codes = (page_codes * 8).min(PAGE_CODES_MAX);
    }
    Ok(None)
}

/// Refuses a code for a first entry that was used before or was not given to this municipality. Who
/// moves in under a code of another's stock has not moved out there, as far as is known: that
/// municipality's feed has still to tell of it.
pub(crate) fn check_free(
    work: &mut Work<'_>,
    municipality: LocalGovernmentCode,
    code: &ResidentRecordCode,
    moves_in: bool,
) -> Result<(), Problem> {
    if work.code_was_used(code)? {
        return Err(Problem::new(&labels::RECORD_CODE_TAKEN, ""));
    }
    let counter = match work.keyed_entry(code) {
        Some(entry) => entry.counter,
        None => counter_of(work, code)?,
    };
    if work.stock_holds(municipality, counter)? {
        return Ok(());
    }
    let (_, given) = work.next_stock()?;
    if moves_in && counter < given {
        return Err(Problem::new(&labels::RESIDENT_NOT_MOVED_OUT, ""));
    }
    Err(Problem::new(&labels::RECORD_CODE_NOT_IN_STOCK, ""))
}

fn counter_of(work: &Work<'_>, code: &ResidentRecordCode) -> Result<u64, Problem> {
    let platform = work.platform();
    let mut counter = [code.payload()];
    platform.keys.invert(&platform.names.record_code, CODE_DOMAIN, &mut counter)?;
    let [counter] = counter;
    Ok(counter)
}

/// Refuses a code of a municipality that keeps no resident register.
pub(crate) fn registrar(municipality: LocalGovernmentCode) -> Result<(), Problem> {
    let kind = places::by_code(municipality).map(places::LocalGovernment::kind);
    if kind.is_some_and(places::Kind::is_registrar) {
        return Ok(());
    }
    Err(Problem::new(&labels::MUNICIPALITY_UNKNOWN, "").in_field("municipality"))
}

/// The codes of counters.
pub(crate) fn codes_of(
    work: &Work<'_>,
    counters: &[u64],
) -> Result<Vec<ResidentRecordCode>, Problem> {
    let platform = work.platform();
    let mut payloads = counters.to_vec();
    platform.keys.permute(&platform.names.record_code, CODE_DOMAIN, &mut payloads)?;
    let code = |payload| ResidentRecordCode::from_payload(payload);
    let codes: Result<Vec<_>, _> = payloads.into_iter().map(code).collect();
    codes.map_err(|refusal| Problem::from_refusal(refusal.label()))
}

/// Codes that are looked up together.
const PAGE_CODES_MAX: u64 = 512;

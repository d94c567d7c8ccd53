//! Feed messages with all that depends on them and on the platform's keys alone.
//!
//! None of it needs a transaction, so it is made ahead of one: on the thread that reads a file,
//! while the batch before is written, or on the one that heard the request. What is left for the
//! transaction depends on what the store holds.

use crate::key_roles::KeyRole;
use crate::platform::{CODE_DOMAIN, NUMBER_DOMAIN, Platform};
use base::{Problem, labels};
use numbers::assignment::{self, Generation};
use numbers::{IndividualNumber, ResidentRecordCode};
use registry::FeedMessage;
use seal::BlindIndex;
use zeroize::Zeroizing;

/// A message of a feed, ready to be taken in.
pub struct KeyedMessage {
    pub(crate) message: FeedMessage,
    /// Its canonical bytes.
    pub(crate) content: Zeroizing<Vec<u8>>,
    /// The keyed digest of these, by which a repeat is recognised: of the epoch that was in use.
    pub(crate) digest: [u8; 16],
    pub(crate) digest_epoch: u32,
    pub(crate) code: Option<KeyedCode>,
}

/// What the keys make of a resident record code.
#[derive(Clone)]
pub(crate) struct KeyedCode {
    pub(crate) index: BlindIndex,
    /// Known for the code of a first entry, which is held against the stocks and given a number.
    pub(crate) entry: Option<KeyedEntry>,
}

/// What a first entry needs of its code.
#[derive(Clone)]
pub(crate) struct KeyedEntry {
    /// The code's place among the counters of the stocks.
    pub(crate) counter: u64,
    /// The number of the first generation.
    pub(crate) number: IndividualNumber,
}

/// Makes messages ready; the key store is asked for many values at a time. A digest of an epoch
/// that ends meanwhile is made again in the transaction.
pub fn keyed(
    platform: &Platform,
    messages: Vec<FeedMessage>,
) -> Result<Vec<KeyedMessage>, Problem> {
    let entering = messages.iter().filter(|message| message.event.kind.enters());
    let codes: Vec<_> = entering.filter_map(|message| message.event.code.as_ref()).collect();
    let mut entries = keyed_entries(platform, &codes)?.into_iter();
    let epochs = platform.epochs_lately()?;
    let digest_epoch = epochs.era(KeyRole::Repeat).current;
    let ready = |message: FeedMessage| {
        let content = message.canonical_bytes();
        let digest = platform.repeat_digest(epochs.in_use(KeyRole::Repeat), &content)?;
        let code = message.event.code.as_ref().map(|code| {
            let entry = if message.event.kind.enters() { entries.next() } else { None };
            Ok::<_, Problem>(KeyedCode { index: platform.code_index(code)?, entry })
        });
        let code = code.transpose()?;
        Ok(KeyedMessage { code, message, content, digest, digest_epoch })
    };
    messages.into_iter().map(ready).collect()
}

fn keyed_entries(
    platform: &Platform,
    codes: &[&ResidentRecordCode],
) -> Result<Vec<KeyedEntry>, Problem> {
    let mut counters: Vec<u64> = codes.iter().map(|code| code.payload()).collect();
    platform.keys.invert(&platform.names.record_code, CODE_DOMAIN, &mut counters)?;
    let first = |code: &&ResidentRecordCode| assignment::slot(code, Generation::FIRST);
    let mut slots: Vec<u64> = codes.iter().map(first).collect();
    platform.keys.permute(&platform.names.numbering, NUMBER_DOMAIN, &mut slots)?;
    let entries = counters.into_iter().zip(slots);
    entries.map(|(counter, slot)| Ok(KeyedEntry { counter, number: number_from(slot)? })).collect()
}

/// The number that a permuted slot stands for.
pub(crate) fn number_from(slot: u64) -> Result<IndividualNumber, Problem> {
    assignment::number_from(slot)
        .map_err(|refusal| Problem::new(&labels::KEY_OPERATION, refusal.label()))
}

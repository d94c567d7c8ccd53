//! Every bound that crosses a crate border. A bound that one crate alone needs stands in that
//! crate.

/// Longest line of a feed file, in bytes. A record with every field at its longest needs 6 KiB.
pub const FEED_LINE_BYTES_MAX: usize = 16 * 1024;

/// Longest name, in bytes of UTF-8 (the register's own screens stop at 100 characters).
pub const NAME_BYTES_MAX: usize = 600;

/// Longest address, in bytes of UTF-8.
pub const ADDRESS_BYTES_MAX: usize = 1_200;

/// Messages of one municipality that may wait behind a gap.
pub const FEED_WAITING_MAX: u64 = 100_000;

/// Messages that waited, applied in one commit besides those that came.
pub const FEED_DRAIN_MAX: usize = 1_024;

/// How far ahead of the next expected sequence number a message may be.
pub const FEED_AHEAD_MAX: u64 = 1_000_000;

/// Most acts in one commit that callers wait for.
pub const COMMIT_ACTS_MAX: usize = 4_096;

/// Most messages of a file in one commit: a power cut costs at most this much repetition.
pub const IMPORT_COMMIT_MAX: usize = 65_536;

/// Largest request body, in bytes.
pub const REQUEST_BODY_BYTES_MAX: usize = 1 << 20;

/// Most entries on one page of a listing.
pub const PAGE_ENTRIES_MAX: usize = 1_000;

/// Resident record codes in one stock.
pub const STOCK_CODES_MAX: u64 = 1_000_000;

/// Longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;

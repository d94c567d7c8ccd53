//! Lines of bounded length out of any buffered input.
//!
//! Holds at most `FEED_LINE_BYTES_MAX` bytes and a line end; the rest of a longer line is read past
//! in the input's own buffer. The buffer holds personal values and wipes itself when dropped.

use base::limits::FEED_LINE_BYTES_MAX;
use std::{
    fmt,
    io::{self, BufRead, Read},
};
use zeroize::Zeroizing;

pub(super) struct Lines<R> {
    input: R,
    buffer: Zeroizing<Vec<u8>>,
    number: u64,
}

/// How much of a line is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Extent {
    /// All of it, without its line end.
    Whole,
    /// The beginning of a line that is too long.
    TooLong,
    /// The last line, which has no line end.
    Cut,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: Zeroizing::new(Vec::with_capacity(HELD_MAX)), number: 0 }
    }

    /// Reads the next line; `None` at the end of the input.
    pub(super) fn advance(&mut self) -> io::Result<Option<Extent>> {
        self.buffer.clear();
        let held = (&mut self.input).take(HELD_MAX as u64).read_until(b'\n', &mut self.buffer)?;
        if held == 0 {
            return Ok(None);
        }
        self.number += 1;
        let ended = self.buffer.pop_if(|byte| *byte == b'\n').is_some();
        if !ended && held == HELD_MAX {
            self.input.skip_until(b'\n')?;
            return Ok(Some(Extent::TooLong));
        }
        if !ended {
            return Ok(Some(Extent::Cut));
        }
        self.buffer.pop_if(|byte| *byte == b'\r');
        let fits = self.buffer.len() <= FEED_LINE_BYTES_MAX;
        Ok(Some(if fits { Extent::Whole } else { Extent::TooLong }))
    }

    /// The line last read.
    pub(super) fn line(&self) -> &[u8] {
        &self.buffer
    }

    /// How many lines were read.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }
}

impl<R> fmt::Debug for Lines<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lines({} read)", self.number)
    }
}

/// A line of the greatest length with CR LF.
const HELD_MAX: usize = FEED_LINE_BYTES_MAX + 2;

//! What every store must do for the certification authority: each case runs on both databases.

mod refusals;
mod rows;
mod standing;

pub(crate) use {refusals::*, rows::*, standing::*};

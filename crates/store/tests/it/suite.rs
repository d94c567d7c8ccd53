//! What every store must do: each case runs on both databases.

mod pages;
mod refusals;
mod rows;
mod transactions;

pub(crate) use {pages::*, refusals::*, rows::*, transactions::*};

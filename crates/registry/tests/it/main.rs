//! A municipality's feed from its file to the register, and the comparison of both registers.

#[cfg(test)]
mod labels;
#[cfg(test)]
mod own_feed;
#[cfg(test)]
mod two_sides;

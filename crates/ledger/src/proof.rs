//! Checking that a leaf is in a log and that a log only grew (RFC 9162 §2.1.3.2 and §2.1.4.2,
//! equal to RFC 6962 §2.1).
//!
//! Owns the verifier's side only and shares nothing with the making of proofs but the two hash
//! functions, so that a mistake there cannot hide here.

use crate::tree::{Hash, TreeHead};
use std::fmt;

/// That the leaf at `index` is in the log of `size` leaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InclusionProof {
    /// Position of the leaf, from zero.
    pub index: u64,
    /// Size of the log that the proof is for.
    pub size: u64,
    /// Sibling hashes from the leaf upwards.
    pub path: Vec<Hash>,
}

/// That the log of `from` leaves is a beginning of the log of `to` leaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsistencyProof {
    /// The earlier size.
    pub from: u64,
    /// The later size.
    pub to: u64,
    /// The nodes in the order of RFC 6962 §2.1.2.
    pub path: Vec<Hash>,
}

/// Why a proof proves nothing, or the opposite.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProofRefusal {
    /// The index is not below the size.
    Index,
    /// The later head is the smaller one.
    Shrinks,
    /// Not as many hashes as a proof between these places has.
    Length,
    /// The path does not lead to the root of the (later) head: the proof is worthless.
    Root,
    /// The path leads to the later root, but another earlier root lies beneath it. This is
    /// evidence: the two heads are of different histories.
    EarlierRoot,
}

impl InclusionProof {
    /// Checks the proof for a leaf hash against the head of a log.
    ///
    /// # Errors
    /// [`ProofRefusal`]; a head of another size than the proof's is `Length`.
    pub fn verify(&self, leaf: &Hash, head: &TreeHead) -> Result<(), ProofRefusal> {
        if self.size != head.size {
            return Err(ProofRefusal::Length);
        }
        verify_inclusion(leaf, self.index, head, &self.path)
    }
}

impl ConsistencyProof {
    /// Checks the proof between two heads.
    ///
    /// # Errors
    /// [`ProofRefusal`]; heads of other sizes than the proof's are `Length`.
    pub fn verify(&self, earlier: &TreeHead, later: &TreeHead) -> Result<(), ProofRefusal> {
        if (self.from, self.to) != (earlier.size, later.size) {
            return Err(ProofRefusal::Length);
        }
        verify_consistency(earlier, later, &self.path)
    }
}

/// Checks that a leaf hash stands at an index of the log with this head.
///
/// # Errors
/// `Index`, `Length` or `Root`.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    head: &TreeHead,
    path: &[Hash],
) -> Result<(), ProofRefusal> {
    if index >= head.size {
        return Err(ProofRefusal::Index);
    }
    let mut climb = Climb { at: index, last: head.size - 1 };
    let mut root = *leaf;
    for sibling in path {
        root = match climb.side()? {
            Side::Left => Hash::node(sibling, &root),
            Side::Right => Hash::node(&root, sibling),
        };
        climb.up();
    }
    climb.finish()?;
    if root == head.root { Ok(()) } else { Err(ProofRefusal::Root) }
}

/// Checks that the log with the later head begins with the log of the earlier one. An empty log
/// is a beginning of every log, with an empty proof.
///
/// # Errors
/// `Shrinks`, `Length`, `Root` or `EarlierRoot`.
pub fn verify_consistency(
    earlier: &TreeHead,
    later: &TreeHead,
    path: &[Hash],
) -> Result<(), ProofRefusal> {
    if earlier.size > later.size {
        return Err(ProofRefusal::Shrinks);
    }
    if later.size == 0 && later.root != Hash::EMPTY {
        return Err(ProofRefusal::Root);
    }
    let (earlier_root, later_root) = match (earlier.size, path) {
        (0, []) => (Hash::EMPTY, later.root),
        (size, []) if size == later.size => (later.root, later.root),
        (size, [_, ..]) if size > 0 && size < later.size => roots(earlier, later.size, path)?,
        _ => return Err(ProofRefusal::Length),
    };
    if later_root != later.root {
        return Err(ProofRefusal::Root);
    }
    if earlier_root == earlier.root { Ok(()) } else { Err(ProofRefusal::EarlierRoot) }
}

/// The earlier and the later root that a consistency path leads to.
fn roots(earlier: &TreeHead, later: u64, path: &[Hash]) -> Result<(Hash, Hash), ProofRefusal> {
    let (first, siblings) = match path {
        all if earlier.size.is_power_of_two() => (&earlier.root, all),
        [first, rest @ ..] => (first, rest),
        [] => return Err(ProofRefusal::Length),
    };
    let mut climb = Climb { at: earlier.size - 1, last: later - 1 };
    climb.skip_right_turns();
    let mut found = (*first, *first);
    for sibling in siblings {
        found = match climb.side()? {
            Side::Left => (Hash::node(sibling, &found.0), Hash::node(sibling, &found.1)),
            Side::Right => (found.0, Hash::node(&found.1, sibling)),
        };
        climb.up();
    }
    climb.finish()?;
    Ok(found)
}

/// The way from a node to the root: its position on its level, and that of the level's last node.
struct Climb {
    at: u64,
    last: u64,
}

/// On which side of the climbing node the next sibling stands.
enum Side {
    Left,
    Right,
}

impl Climb {
    /// Side of the next sibling. A node without a neighbour rises to where it has a left one.
    fn side(&mut self) -> Result<Side, ProofRefusal> {
        if self.last == 0 {
            return Err(ProofRefusal::Length);
        }
        if self.at.is_multiple_of(2) && self.at != self.last {
            return Ok(Side::Right);
        }
        while self.at.is_multiple_of(2) && self.at != 0 {
            self.up();
        }
        Ok(Side::Left)
    }

    fn up(&mut self) {
        self.at >>= 1;
        self.last >>= 1;
    }

    fn skip_right_turns(&mut self) {
        let turns = self.at.trailing_ones();
        self.at >>= turns;
        self.last >>= turns;
    }

    fn finish(&self) -> Result<(), ProofRefusal> {
        if self.last == 0 { Ok(()) } else { Err(ProofRefusal::Length) }
    }
}

impl ProofRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Index => "proof_index",
            Self::Shrinks => "proof_shrinks",
            Self::Length => "proof_length",
            Self::Root => "proof_root",
            Self::EarlierRoot => "proof_earlier_root",
        }
    }
}

impl fmt::Display for ProofRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for ProofRefusal {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::root_of;

    fn head(leaves: &[Hash]) -> TreeHead {
        TreeHead { size: leaves.len() as u64, root: root_of(leaves) }
    }

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|leaf| Hash::leaf(&[leaf])).collect()
    }

    #[test]
    fn a_proof_by_hand() {
        let l = leaves(3);
        let tree = head(&l);
        assert_eq!(verify_inclusion(&l[0], 0, &tree, &[l[1], l[2]]), Ok(()));
        assert_eq!(verify_inclusion(&l[2], 2, &tree, &[Hash::node(&l[0], &l[1])]), Ok(()));
        assert_eq!(verify_consistency(&head(&l[..2]), &tree, &[l[2]]), Ok(()));
        assert_eq!(verify_consistency(&head(&l[..1]), &tree, &[l[1], l[2]]), Ok(()));
    }

    #[test]
    fn every_refusal_of_inclusion() {
        let l = leaves(3);
        let tree = head(&l);
        for (leaf, index, path, refusal) in [
            (l[0], 3, vec![l[1], l[2]], ProofRefusal::Index),
            (l[0], 0, vec![], ProofRefusal::Length),
            (l[0], 0, vec![l[1]], ProofRefusal::Length),
            (l[0], 0, vec![l[1], l[2], l[2]], ProofRefusal::Length),
            (l[0], 0, vec![l[2], l[1]], ProofRefusal::Root),
            (l[0], 1, vec![l[1], l[2]], ProofRefusal::Root),
            (l[1], 0, vec![l[1], l[2]], ProofRefusal::Root),
        ] {
            assert_eq!(verify_inclusion(&leaf, index, &tree, &path), Err(refusal));
        }
        let proof = InclusionProof { index: 0, size: 2, path: vec![l[1]] };
        assert_eq!(proof.verify(&l[0], &head(&l[..2])), Ok(()));
        assert_eq!(proof.verify(&l[0], &tree), Err(ProofRefusal::Length));
    }

    #[test]
    fn every_refusal_of_consistency() {
        let l = leaves(5);
        let at = |size| head(&l[..size]);
        let good = vec![l[2], l[3], Hash::node(&l[0], &l[1])];
        let other = TreeHead { size: 3, root: l[0] };
        let not_empty = TreeHead { size: 0, root: l[0] };
        for (earlier, later, path, result) in [
            (at(3), at(4), &good[..], Ok(())),
            (at(0), at(4), &[], Ok(())),
            (at(0), at(0), &[], Ok(())),
            (at(4), at(3), &good, Err(ProofRefusal::Shrinks)),
            (at(3), at(4), &good[..2], Err(ProofRefusal::Length)),
            (at(3), at(3), &good, Err(ProofRefusal::Length)),
            (at(0), at(4), &good, Err(ProofRefusal::Length)),
            (at(3), at(5), &good, Err(ProofRefusal::Length)),
            (at(3), TreeHead { size: 4, root: l[0] }, &good, Err(ProofRefusal::Root)),
            (not_empty, not_empty, &[], Err(ProofRefusal::Root)),
            (other, at(4), &good, Err(ProofRefusal::EarlierRoot)),
            (other, at(3), &[], Err(ProofRefusal::EarlierRoot)),
        ] {
            assert_eq!(verify_consistency(&earlier, &later, path), result, "{earlier:?} {later:?}");
        }
        let proof = ConsistencyProof { from: 3, to: 4, path: good };
        assert_eq!(proof.verify(&at(3), &at(4)), Ok(()));
        assert_eq!(proof.verify(&at(3), &at(5)), Err(ProofRefusal::Length));
    }
}

//! Questions about the ledger: hashes and roots, proofs and signed notes.

use super::{Answer, Question};
use ledger::grow::{MemoryTiles, TileGrower};
use ledger::note::{Note, Signer, VerifierKey};
use ledger::proof::{verify_consistency, verify_inclusion};
use ledger::prove::{NodeCache, Prover};
use ledger::{Frontier, Hash, TreeHead};
use serde_json::{Value, json};

pub(super) fn merkle_leaf(question: &Question) -> Answer {
    Ok(Hash::leaf(&question.bytes("entry")?).to_string().into())
}

pub(super) fn merkle_node(question: &Question) -> Answer {
    Ok(Hash::node(&question.hash("left")?, &question.hash("right")?).to_string().into())
}

pub(super) fn merkle_root(question: &Question) -> Answer {
    let frontier: Frontier = question.leaves()?.into_iter().collect();
    Ok(frontier.root().to_string().into())
}

pub(super) fn inclusion_verify(question: &Question) -> Answer {
    let head = TreeHead { size: question.whole("size")?, root: question.hash("root")? };
    let (leaf, path) = (question.hash("leaf")?, question.hashes("path")?);
    verify_inclusion(&leaf, question.whole("index")?, &head, &path)
        .map(|()| true.into())
        .map_err(|refusal| refusal.label())
}

pub(super) fn consistency_verify(question: &Question) -> Answer {
    let earlier = TreeHead { size: question.whole("from")?, root: question.hash("from_root")? };
    let later = TreeHead { size: question.whole("to")?, root: question.hash("to_root")? };
    verify_consistency(&earlier, &later, &question.hashes("path")?)
        .map(|()| true.into())
        .map_err(|refusal| refusal.label())
}

pub(super) fn inclusion_proof(question: &Question) -> Answer {
    let (tiles, size) = grown(question)?;
    let index = question.whole("index")?;
    let proof = Prover::new(&tiles, &NodeCache::new(TILES_MAX)).inclusion(index, size);
    proof.map(|proof| path_of(&proof.path)).map_err(|refusal| refusal.label())
}

pub(super) fn consistency_proof(question: &Question) -> Answer {
    let (tiles, size) = grown(question)?;
    let from = question.whole("from")?;
    let proof = Prover::new(&tiles, &NodeCache::new(TILES_MAX)).consistency(from, size);
    proof.map(|proof| path_of(&proof.path)).map_err(|refusal| refusal.label())
}

/// The tiles and the size of a log with the entries of the question.
fn grown(question: &Question) -> Result<(MemoryTiles, u64), &'static str> {
    let mut tiles = MemoryTiles::new();
    let growth = TileGrower::new().append(question.leaves()?);
    let size = growth.head.size;
    tiles.absorb(growth);
    Ok((tiles, size))
}

fn path_of(path: &[Hash]) -> Value {
    path.iter().map(Hash::to_string).collect::<Vec<_>>().into()
}

pub(super) fn note_verify(question: &Question) -> Answer {
    let key = |value: &Value| {
        let text = value.as_str().ok_or("kat_argument")?;
        text.parse::<VerifierKey>().map_err(|refusal| refusal.label())
    };
    let keys: Vec<VerifierKey> =
        question.list("keys")?.iter().map(key).collect::<Result<_, _>>()?;
    let note: Note = question.text("note")?.parse().map_err(label_of_note)?;
    let verified = note.verify(&keys).map_err(label_of_note)?;
    let signers: Vec<Value> = verified.signers().iter().map(signer).collect();
    Ok(json!({ "text": verified.text(), "signers": signers }))
}

fn label_of_note(refusal: ledger::note::NoteRefusal) -> &'static str {
    refusal.label()
}

fn signer(signer: &Signer) -> Value {
    json!({ "key": signer.key.to_string(), "time_s": signer.time_s })
}

const TILES_MAX: usize = 64;

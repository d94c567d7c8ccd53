//! Comparisons of sets: what is found, in how many questions, and answers that do not fit.

use super::*;
use proptest::{collection::btree_map, prelude::*};
use std::collections::{BTreeMap, BTreeSet};

type Set = BTreeMap<u64, [u8; 16]>;

fn sorted(set: &Set) -> Vec<Entry> {
    set.iter().map(|(position, digest)| Entry { position: *position, digest: *digest }).collect()
}

/// Runs a comparison to its end; gives the findings and the number of questions.
fn run(ours: &Set, theirs: &Set) -> (Findings, u32) {
    let theirs = sorted(theirs);
    let mut exchange = Exchange::new(sorted(ours));
    while let Some(question) = exchange.next_question() {
        exchange.answer(&respond(&question, &theirs).unwrap()).unwrap();
    }
    (exchange.findings(), exchange.questions())
}

fn expected(ours: &Set, theirs: &Set) -> Findings {
    let keys: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let mut findings = Findings::default();
    for key in keys {
        match (ours.get(key), theirs.get(key)) {
            (Some(here), Some(there)) if here != there => findings.differing.push(*key),
            (Some(_), None) => findings.only_here.push(*key),
            (None, Some(_)) => findings.only_there.push(*key),
            _ => {}
        }
    }
    findings
}

/// A sequence that looks random and is the same in every run (SplitMix64).
fn spread(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn spread_set(size: u64) -> Set {
    (0..size).map(|n| (spread(n), u128::from(spread(n + 7)).to_be_bytes())).collect()
}

#[test]
fn prefixes_read_back_and_nest() {
    for text in ["", "0", "f", "00", "a5c", "0123456789abcdef"] {
        let prefix: Prefix = text.parse().unwrap();
        assert_eq!(prefix.to_string(), text);
        assert_eq!(usize::from(prefix.digits()), text.len());
    }
    for text in ["g", "A", " ", "0123456789abcdef0", "é"] {
        assert_eq!(text.parse::<Prefix>(), Err(PrefixRefusal), "{text}");
    }
    let prefix: Prefix = "a5".parse().unwrap();
    assert_eq!(prefix.bounds(), (0xa500_0000_0000_0000, 0xa5ff_ffff_ffff_ffff));
    assert_eq!(Prefix::ROOT.bounds(), (0, u64::MAX));
    let whole: Prefix = "0123456789abcdef".parse().unwrap();
    assert_eq!(whole.bounds(), (0x0123_4567_89ab_cdef, 0x0123_4567_89ab_cdef));
    assert_eq!(whole.child(0), None);
    assert_eq!(children(whole, &[]), None);
}

#[test]
fn a_sum_sees_equal_pairs_that_xor_does_not() {
    let entry = Entry { position: 7, digest: [9; 16] };
    let once = NodeDigest::of(&[entry]);
    assert_ne!(NodeDigest::of(&[entry, entry, entry]), once);
    let mut node = once;
    node.add(&entry);
    assert_eq!(node, NodeDigest::of(&[entry, entry]));
}

#[test]
fn equal_sets_need_one_question() {
    let set = spread_set(1_000);
    assert_eq!(run(&set, &set), (Findings::default(), 1));
    assert_eq!(run(&Set::new(), &Set::new()), (Findings::default(), 1));
}

#[test]
fn the_number_of_questions_grows_with_the_logarithm() {
    for (size, levels) in [(16, 1), (256, 2), (4_096, 3), (65_536, 4)] {
        let ours = spread_set(size);
        let mut theirs = ours.clone();
        theirs.insert(spread(3), [1; 16]);
        theirs.remove(&spread(5));
        theirs.insert(spread(size + 1), [2; 16]);
        let (findings, questions) = run(&ours, &theirs);
        assert_eq!(findings, expected(&ours, &theirs));
        assert!(questions <= levels + 3, "{questions} questions for {size} records");
    }
}

#[test]
fn a_question_is_bounded_however_much_differs() {
    let ours = spread_set(200_000);
    let theirs: Set = ours.keys().map(|position| (*position, [0; 16])).collect();
    let listed = sorted(&theirs);
    let mut exchange = Exchange::new(sorted(&ours));
    while let Some(question) = exchange.next_question() {
        let asked = question.children.len() + question.entries.len();
        assert!(asked <= exchange::QUESTION_PREFIXES_MAX);
        exchange.answer(&respond(&question, &listed).unwrap()).unwrap();
    }
    assert_eq!(exchange.findings().differing.len(), ours.len());
}

#[test]
fn records_crowded_at_one_position_are_compared() {
    let crowd = |last: u8| (0..20).chain([last]).map(|n| Entry { position: 5, digest: [n; 16] });
    let theirs: Vec<_> = crowd(99).collect();
    let mut exchange = Exchange::new(crowd(77).collect());
    while let Some(question) = exchange.next_question() {
        exchange.answer(&respond(&question, &theirs).unwrap()).unwrap();
    }
    assert_eq!(exchange.findings().differing, [5]);
}

#[test]
fn answers_that_do_not_fit_are_refused_and_the_question_stays() {
    let mut exchange = Exchange::new(sorted(&spread_set(40)));
    assert_eq!(exchange.answer(&Answer::default()), Err(ExchangeRefusal::NotAsked));
    let question = exchange.next_question().unwrap();
    assert_eq!(exchange.answer(&Answer::default()), Err(ExchangeRefusal::Contradiction));
    assert_eq!(exchange.next_question().unwrap(), question);
    assert_eq!(exchange.questions(), 1);

    let before = sorted(&spread_set(41));
    exchange.answer(&respond(&question, &before).unwrap()).unwrap();
    let question = exchange.next_question().unwrap();
    let changed: Vec<_> = before.iter().map(|e| Entry { digest: [3; 16], ..*e }).collect();
    let late = exchange.answer(&respond(&question, &changed).unwrap());
    assert_eq!(late, Err(ExchangeRefusal::Contradiction));
}

#[test]
fn questions_that_nobody_should_ask_are_refused() {
    let set = sorted(&spread_set(100));
    let ask = |children: &[&str], entries: &[&str]| {
        let read = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        respond(&Question { children: read(children), entries: read(entries) }, &set)
    };
    let answer = ask(&["a", "b"], &["c", "0123456789abcdef"]).unwrap();
    assert_eq!((answer.children.len(), answer.entries.len()), (2, 2));
    assert_eq!(ask(&["0123456789abcdef"], &["c"]), Err(QuestionRefusal::TooDeep));
    assert_eq!(ask(&["a"], &[""]), Err(QuestionRefusal::Overlap), "one within another");
    assert_eq!(ask(&["", ""], &[]), Err(QuestionRefusal::Overlap), "twice the same");
    assert_eq!(ask(&[], &["", "0"]), Err(QuestionRefusal::Overlap));
    assert_eq!(ask(&[], &[""]), Err(QuestionRefusal::TooLong), "everything at once");
    let all = |n: u16| (0..n).map(|n| format!("{n:04x}").parse().unwrap()).collect();
    let asked = |n| Question { children: all(n), entries: Vec::new() }.check();
    assert_eq!((asked(4_096), asked(4_097)), (Ok(()), Err(QuestionRefusal::TooMany)));
}

fn sets() -> impl Strategy<Value = (Set, Set)> {
    // Few distinct positions, so that sides overlap; some crowded under one long prefix.
    let position = prop_oneof![(0u64..300).prop_map(spread), 0u64..300];
    let side: BoxedStrategy<Set> = btree_map(position, 0u64..3, 0..200)
        .prop_map(|versions| {
            let digest =
                |(at, version)| (at, u128::from(spread(at ^ spread(version))).to_be_bytes());
            versions.into_iter().map(digest).collect()
        })
        .boxed();
    (side.clone(), side)
}

proptest! {
    #[test]
    fn finds_exactly_what_differs((ours, theirs) in sets()) {
        let (findings, questions) = run(&ours, &theirs);
        prop_assert_eq!(findings, expected(&ours, &theirs));
        prop_assert!(questions <= 17);
    }

    #[test]
    fn children_add_up_to_their_parent((set, _) in sets(), digit in 0u8..16) {
        let set = sorted(&set);
        let prefix = Prefix::ROOT.child(digit).unwrap();
        let nodes = children(prefix, &set).unwrap();
        let sum = nodes.iter().fold(NodeDigest::default(), |sum, node| sum.plus(*node));
        prop_assert_eq!(sum, NodeDigest::of(entries(prefix, &set)));
        prop_assert_eq!(sum, children(Prefix::ROOT, &set).unwrap()[usize::from(digit)]);
    }

    #[test]
    fn any_text_is_a_prefix_or_refused(text in "\\PC{0,20}") {
        if let Ok(prefix) = text.parse::<Prefix>() {
            prop_assert_eq!(prefix.to_string(), text);
        }
    }
}

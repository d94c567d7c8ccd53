//! Filings and their text, the states, what each kind may ask and owes for it.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn text(text: &str) -> PlainText {
    text.parse().unwrap()
}

fn filing(kind: VerifierKind) -> Filing {
    let approval = kind.needs_approval().then(|| text("主務大臣認定第１号"));
    let providers =
        if kind.has_providers() { vec!["shop=通販".parse().unwrap()] } else { vec![] };
    Filing::new(kind, text("口座開設"), approval, providers).unwrap()
}

#[test]
fn every_kind_files_what_it_needs_and_no_more() {
    for kind in VerifierKind::ALL {
        let approval = kind.needs_approval().then(|| text("第１号"));
        let other = if approval.is_some() { None } else { Some(text("第１号")) };
        let provider: Provider = "shop=通販".parse().unwrap();
        let providers = if kind.has_providers() { vec![provider.clone()] } else { vec![] };
        let others = if kind.has_providers() { vec![] } else { vec![provider.clone()] };
        let file = |approval, providers| Filing::new(kind, text("口座開設"), approval, providers);
        assert!(file(approval.clone(), providers.clone()).is_ok(), "{}", kind.word());
        assert_eq!(file(other, providers).unwrap_err(), Refusal::Approval);
        assert_eq!(file(approval.clone(), others).unwrap_err(), Refusal::Providers);
        let twice = vec![provider.clone(), provider];
        assert_eq!(file(approval, twice).unwrap_err(), Refusal::Providers);
    }
}

#[test]
fn states_lead_where_the_table_says() {
    use Change::{End, Resume, Suspend};
    use VerifierState::{Ended, Registered, Suspended};
    for (state, change, after) in [
        (Registered, Suspend, Ok(Suspended)),
        (Registered, Resume, Err(Refusal::NotSuspended)),
        (Registered, End, Ok(Ended)),
        (Suspended, Suspend, Err(Refusal::Suspended)),
        (Suspended, Resume, Ok(Registered)),
        (Suspended, End, Ok(Ended)),
        (Ended, Suspend, Err(Refusal::Ended)),
        (Ended, Resume, Err(Refusal::Ended)),
        (Ended, End, Err(Refusal::Ended)),
    ] {
        assert_eq!(decide_change(state, change), after, "{state:?} {change:?}");
    }
}

#[test]
fn who_is_registered_asks_for_what_its_kind_may() {
    for kind in VerifierKind::ALL {
        let filing = filing(kind);
        let provider = kind.has_providers().then_some("shop");
        for right in Right::ALL {
            let ask = |state| decide_ask(&filing, state, (right, provider)).cloned();
            assert_eq!(ask(VerifierState::Suspended), Err(Refusal::Suspended));
            assert_eq!(ask(VerifierState::Ended), Err(Refusal::Ended));
            let association = kind == VerifierKind::ProfessionalAssociation;
            if association && right == Right::Link {
                assert_eq!(ask(VerifierState::Registered), Err(Refusal::Right));
            } else {
                assert!(ask(VerifierState::Registered).is_ok(), "{} {right:?}", kind.word());
            }
        }
    }
}

#[test]
fn a_platform_operator_says_for_whom_and_nobody_else_does() {
    let platform = filing(VerifierKind::PlatformOperator);
    assert_eq!(platform.purpose_of(Some("shop")), Ok(&text("通販")));
    assert_eq!(platform.purpose_of(None), Err(Refusal::ProviderMissing));
    assert_eq!(platform.purpose_of(Some("other")), Err(Refusal::ProviderUnknown));
    let court = filing(VerifierKind::Court);
    assert_eq!(court.purpose_of(None), Ok(&text("口座開設")));
    assert_eq!(court.purpose_of(Some("shop")), Err(Refusal::ProviderUnknown));
}

#[test]
fn a_text_is_one_line_that_shows_what_it_says() {
    let long = "あ".repeat(201);
    for bad in ["", " a", "a ", "a\nb", "a\u{2028}b", "a\u{202e}b", "\u{0}", &long] {
        assert_eq!(bad.parse::<PlainText>(), Err(Refusal::Text), "{bad:?}");
    }
    assert!("あ".repeat(200).parse::<PlainText>().is_ok());
}

#[test]
fn words_articles_and_sentences_are_there_once() {
    let codes: BTreeSet<_> = VerifierKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes, (1..=8).collect());
    for kind in VerifierKind::ALL {
        assert_eq!(VerifierKind::from_word(kind.word()), Some(kind));
        assert!(kind.article().starts_with("17(") && !kind.japanese().is_empty());
        for right in Right::ALL {
            assert!(kind.duties(right).contains(&Duty::KeepSafe));
            assert!(!right.keeping().is_empty() && right.article().starts_with("18("));
        }
    }
    assert_eq!(VerifierKind::from_word("anybody"), None);
    let words: BTreeSet<_> = Duty::ALL.iter().map(|duty| duty.word()).collect();
    assert_eq!(words.len(), Duty::ALL.len());
    let sentences = Duty::ALL.map(|duty| (duty.english(), duty.japanese()));
    let keepings = Keeping::ALL.map(|keeping| (keeping.english(), keeping.japanese()));
    for (english, japanese) in sentences.into_iter().chain(keepings) {
        assert!(english.ends_with('.') && japanese.ends_with('。'));
    }
    let told = VerifierKind::ALL.into_iter().flat_map(|kind| {
        Right::ALL.into_iter().flat_map(move |right| kind.duties(right).iter().copied())
    });
    assert_eq!(told.collect::<BTreeSet<_>>(), BTreeSet::from(Duty::ALL), "no duty is forgotten");
}

fn any_filing() -> impl Strategy<Value = Filing> {
    let line = "[ -~あ-ん]{1,40}".prop_filter_map("no text", |line| line.parse().ok());
    let provider = ("[a-z0-9._-]{1,9}", line.clone());
    let providers = prop::collection::btree_map("[a-z0-9._-]{1,9}", provider.1, 1..4);
    (0..8_usize, line.clone(), line, providers).prop_map(|(at, purpose, approval, providers)| {
        let kind = VerifierKind::ALL[at];
        let provider = |(name, purpose): (String, _)| Provider::new(&name, purpose).unwrap();
        let providers = providers.into_iter().map(provider).collect();
        let providers = if kind.has_providers() { providers } else { Vec::new() };
        Filing::new(kind, purpose, kind.needs_approval().then_some(approval), providers).unwrap()
    })
}

proptest! {
    #[test]
    fn a_filing_reads_back_from_its_text(filing in any_filing()) {
        prop_assert_eq!(Filing::parse(&filing.to_string()), Some(filing));
    }

    #[test]
    fn what_is_not_its_text_is_no_filing(
        filing in any_filing(),
        at in any::<prop::sample::Index>(),
    ) {
        let text = filing.to_string();
        let cut: String = text.chars().take(at.index(text.chars().count())).collect();
        prop_assert_eq!(Filing::parse(&cut).filter(|read| *read == filing), None);
        prop_assert_eq!(Filing::parse(&format!("{text}\n")), None);
    }

    #[test]
    fn no_way_leads_back_from_ended(changes in prop::collection::vec(0..3_usize, 0..12)) {
        let mut state = VerifierState::Registered;
        let mut ended = false;
        for change in changes.into_iter().map(|at| Change::ALL[at]) {
            if let Ok(after) = decide_change(state, change) {
                prop_assert!(!ended);
                state = after;
            }
            ended |= state == VerifierState::Ended;
        }
    }
}

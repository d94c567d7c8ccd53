//! Where a resident lives below the municipality: town, block, house, and often a building.
//!
//! Owns the tables of towns and buildings, which are invented for every municipality alike; only
//! the part in front, from the prefecture to the municipality, is real.

use places::{Kind, LocalGovernment};

use crate::dice::Dice;

/// An address inside one municipality.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Place in the table of towns.
    town: usize,
    block: [u32; 3],
    room: Option<(&'static str, u32)>,
}

impl Address {
    /// Draws one.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let town = dice.index(TOWNS.len());
        Self::draw_in(town, dice)
    }

    /// Draws one in another town.
    pub(crate) fn draw_other(&self, dice: &mut Dice) -> Self {
        let town = (self.town + 1 + dice.index(TOWNS.len() - 1)) % TOWNS.len();
        Self::draw_in(town, dice)
    }

    fn draw_in(town: usize, dice: &mut Dice) -> Self {
        let block = [dice.below(6) + 1, dice.below(40) + 1, dice.below(30) + 1];
        let in_a_building = dice.below(3) == 0;
        let room = in_a_building.then(|| {
            let building = BUILDINGS[dice.early_index(BUILDINGS.len())];
            (building, (dice.below(9) + 1) * 100 + dice.below(12) + 1)
        });
        Self { town, block, room }
    }

    /// The address as a resident record writes it: blocks in cities, lots in towns and villages.
    pub(crate) fn written(&self, place: &LocalGovernment) -> String {
        let mut out = place.full_name();
        let town = TOWNS[self.town];
        let [quarter, block, house] = self.block.map(full_width);
        let parts: &[&str] = match place.kind() {
            Kind::Town | Kind::Village => &["大字", town, &block, "番地", &house],
            _ => &[town, &quarter, "丁目", &block, "番", &house, "号"],
        };
        parts.iter().for_each(|part| out.push_str(part));
        if let Some((building, room)) = self.room {
            out.extend(["　", building, &full_width(room), "号室"]);
        }
        out
    }
}

fn full_width(number: u32) -> String {
    let digits = number.to_string();
    digits.bytes().filter_map(|digit| char::from_u32(0xFF10 + u32::from(digit - b'0'))).collect()
}

#[rustfmt::skip]
const TOWNS: &[&str] = &[
    "本町", "中央", "栄町", "緑町", "旭町", "新町", "東町", "西町", "南町", "北町", "大手町", "幸町", "錦町",
    "若葉町", "桜町", "泉町", "末広町", "日の出町", "曙町", "高砂町", "寿町", "松原", "上野", "下野", "大野",
    "小川", "山田", "川原", "中島", "向島", "西原", "東原", "原町", "田中", "森", "宮前", "寺町", "城下", "港町",
    "浜町", "磯辺", "青葉台", "緑ヶ丘", "桜ヶ丘", "富士見", "朝日ケ丘", "みどり台", "さくら", "ひばりが丘",
    "八幡", "天神", "稲荷町", "神明町", "\u{FA19}明町", "葛\u{E0100}原", "鶴﨑", "檜山", "濱町", "鷗町", "鰺ヶ沢",
    "祇\u{E0100}園町", "塩竈", "鹽町", "釜ヶ﨑",
];

const BUILDINGS: &[&str] = &[
    "コーポ桜",
    "ハイツ緑",
    "メゾン旭",
    "サンハイム",
    "グリーンヒル",
    "第２若葉荘",
    "パークサイド−Ａ",
    "レジデンス花",
    "ＡＢＣマンション",
    "ヴィラ光,弐番館",
    "カーサ\"ミモザ\"",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn place(code: &str) -> &'static LocalGovernment {
        places::by_code(code.parse().expect("a valid code")).expect("a place")
    }

    #[test]
    fn blocks_in_a_city_and_lots_in_a_village() {
        let address = Address { town: 0, block: [1, 20, 3], room: None };
        assert_eq!(address.written(place("011011")), "北海道札幌市中央区本町１丁目２０番３号");
        assert_eq!(address.written(place("103446")), "群馬県北群馬郡榛東村大字本町２０番地３");
    }

    #[test]
    fn a_building_comes_last() {
        let room = Some(("コーポ桜", 203));
        let address = Address { town: 2, block: [4, 5, 6], room };
        let written = address.written(place("131016"));
        assert_eq!(written, "東京都千代田区栄町４丁目５番６号　コーポ桜２０３号室");
    }

    #[test]
    fn another_town_is_another() {
        let mut dice = Dice::from_seed(1);
        let mut address = Address::draw(&mut dice);
        for _ in 0..1_000 {
            let other = address.draw_other(&mut dice);
            assert_ne!(other.town, address.town);
            address = other;
        }
    }

    #[test]
    fn tables_hold_no_entry_twice() {
        for table in [TOWNS, BUILDINGS] {
            let distinct: std::collections::HashSet<_> = table.iter().collect();
            assert_eq!(distinct.len(), table.len());
        }
    }
}

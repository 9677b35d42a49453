//! Invented people and companies.

use super::Dice;

/// Somebody's name.
pub(super) struct Person {
    pub first: &'static str,
    pub last: &'static str,
    /// Written in Latin letters?
    pub latin: bool,
}

/// First and last names that go together.
struct Language {
    first: &'static [&'static str],
    last: &'static [&'static str],
    latin: bool,
}

const LANGUAGES: &[Language] = &[
    Language {
        first: &[
            "Ann", "Ben", "Cora", "Dan", "Ellen", "Frank", "Grace", "Henry", "Isla", "Jack", "Kate", "Liam", "Mary", "Noah", "Olive",
            "Paul",
        ],
        last: &[
            "Adams",
            "Brook",
            "Carver",
            "Dale",
            "Elwood",
            "Frost",
            "Garner",
            "Hale",
            "Irving",
            "Kerr",
            "Lee",
            "Marsh",
            "Norton",
            "O'Hara",
            "Smith-Poole",
        ],
        latin: true,
    },
    Language {
        first: &["Jörg", "Änne", "Günther", "Heike", "Jürgen", "Käthe", "Lutz", "Maike", "Ölke", "Uwe"],
        last: &["Müller", "Groß", "Bäcker", "Schröder", "von der Heide", "Weiß", "Kühn", "Strauß", "Jäger", "Lößner"],
        latin: true,
    },
    Language {
        first: &["Amélie", "Benoît", "Chloé", "Gaël", "Hélène", "Jean-Luc", "Noémie", "Zoé"],
        last: &["Lefèvre", "D'Aubigné", "Garçon", "Béranger", "Delacôte", "Moreau", "Forêt", "Guérin"],
        latin: true,
    },
    Language {
        first: &["Íñigo", "José", "Lucía", "María", "Ángel", "Begoña", "Raúl", "Sofía"],
        last: &["Núñez", "García Peña", "Ibáñez", "Muñoz", "Ordóñez", "Vázquez", "Zúñiga", "López"],
        latin: true,
    },
    Language {
        first: &["Łukasz", "Małgorzata", "Paweł", "Şebnem", "Çağlar", "Ødger", "Åse", "Žofie"],
        last: &["Wójcik", "Kowalewska", "Yıldız", "Öztürk", "Sørby", "Dvořák", "Čermák", "Łęcki"],
        latin: true,
    },
    Language {
        first: &["伟", "芳", "娜", "秀英", "敏", "静", "小明", "丽", "强", "雨桐"],
        last: &["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "欧阳", "司马"],
        latin: false,
    },
    Language {
        first: &["太郎", "花子", "さくら", "健一", "美咲", "ケン"],
        last: &["佐藤", "鈴木", "高橋", "田中", "渡辺", "伊藤"],
        latin: false,
    },
    Language {
        first: &["Анна", "Борис", "Вера", "Игорь", "Ольга", "Пётр"],
        last: &["Лебедев", "Соколова", "Зайцев", "Ёлкина", "Щукин", "Морозова"],
        latin: false,
    },
];

pub(super) const TITLES: &[&str] =
    &["CEO", "Buyer", "Head of Sales", "Technician", "Office Manager", "Consultant", "Engineer", "Accountant"];

pub(super) const COMPANIES: &[&str] = &[
    "Acme",
    "Bluebird",
    "Cedar & Pine",
    "Dunmore",
    "Evergreen",
    "Falke",
    "Gläser",
    "Harbour",
    "Inkwell",
    "Juniper",
    "Kestrel",
    "Lumière",
    "Maple",
    "北辰",
    "Orchard",
    "Pebble",
    "Quill",
    "Rivière",
    "Señal",
    "Tangram",
];

pub(super) const KINDS: &[&str] = &["Ltd", "GmbH", "Inc.", "S.A.", "Trading", "Logistics", "Software", "Bakery", "Tools", "科技"];

/// Every second person has an English name, the others one of the other languages.
pub(super) fn person(dice: &mut Dice) -> Person {
    let language = if dice.one_in(2) { LANGUAGES.first() } else { dice.pick(LANGUAGES) };
    let Some(language) = language else { return Person { first: "", last: "", latin: true } };
    Person {
        first: dice.pick(language.first).copied().unwrap_or_default(),
        last: dice.pick(language.last).copied().unwrap_or_default(),
        latin: language.latin,
    }
}

use serde_json::Value;

use super::Wrong;

/// A value and its place in the answer.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    value: Option<&'a Value>,
    place: String,
}

impl<'a> Node<'a> {
    /// The whole answer.
    #[must_use]
    pub fn root(value: &'a Value) -> Self {
        Self { value: Some(value).filter(|value| !value.is_null()), place: String::new() }
    }

    /// A member of an object; absent if this is absent.
    ///
    /// # Errors
    /// If this is there and no object.
    pub fn member(&self, name: &str) -> Result<Self, Wrong> {
        let value = match self.value {
            None => None,
            Some(Value::Object(members)) => members.get(name).filter(|value| !value.is_null()),
            Some(_) => return self.wrong("object"),
        };
        let place = if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) };
        Ok(Self { value, place })
    }

    /// Is something there?
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.value.is_some()
    }

    /// The items of a list; absent: none.
    ///
    /// # Errors
    /// If it is there and no list.
    pub fn list(&self) -> Result<Vec<Self>, Wrong> {
        match self.value {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items
                .iter()
                .enumerate()
                .map(|(index, item)| Self { value: Some(item).filter(|value| !value.is_null()), place: format!("{}[{index}]", self.place) })
                .collect()),
            Some(_) => self.wrong("list"),
        }
    }

    /// The items of a list that must be there.
    ///
    /// # Errors
    /// If it is absent or no list.
    pub fn required_list(&self) -> Result<Vec<Self>, Wrong> {
        if self.value.is_none() { self.wrong("list") } else { self.list() }
    }

    /// A text, if it is there.
    ///
    /// # Errors
    /// If it is there and no text.
    pub fn text(&self) -> Result<Option<&'a str>, Wrong> {
        match self.value {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => self.wrong("text"),
        }
    }

    /// A text that must be there and not empty.
    ///
    /// # Errors
    /// If it is not.
    pub fn required_text(&self) -> Result<&'a str, Wrong> {
        match self.text()? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => self.wrong("text that is not empty"),
        }
    }

    /// An id, if it is there: a text of 1 to `most` bytes without control characters, or a whole number, which becomes its digits.
    ///
    /// # Errors
    /// If it is there and no id.
    pub fn id(&self, most: usize) -> Result<Option<String>, Wrong> {
        let id = match self.value {
            None => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) if number.is_u64() || number.is_i64() => number.to_string(),
            Some(_) => return self.wrong("id"),
        };
        let sound = (1..=most).contains(&id.len()) && !id.contains(char::is_control);
        if sound { Ok(Some(id)) } else { self.wrong("id") }
    }

    /// An id that must be there; see [`Node::id`].
    ///
    /// # Errors
    /// If it is not.
    pub fn required_id(&self, most: usize) -> Result<String, Wrong> {
        match self.id(most)? {
            Some(id) => Ok(id),
            None => self.wrong("id"),
        }
    }

    /// A whole number that is not negative, if it is there.
    ///
    /// # Errors
    /// If it is there and no such number.
    pub fn number(&self) -> Result<Option<u64>, Wrong> {
        match self.value {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => self.wrong("whole number"),
            },
        }
    }

    /// What stands here, as it is; none if nothing does.
    #[must_use]
    pub fn value(&self) -> Option<&'a Value> {
        self.value
    }

    /// A switch; absent: off.
    ///
    /// # Errors
    /// If it is there and neither `true` nor `false`.
    pub fn flag(&self) -> Result<bool, Wrong> {
        match self.value {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => self.wrong("true or false"),
        }
    }

    /// A moment, if it is there: a text of RFC 3339, or whole milliseconds since 1970.
    ///
    /// # Errors
    /// If it is there and neither.
    pub fn moment(&self) -> Result<Option<u64>, Wrong> {
        let moment = match self.value {
            None => return Ok(None),
            Some(Value::String(text)) => crate::time::parse_rfc3339(text),
            Some(Value::Number(number)) => number.as_u64(),
            Some(_) => None,
        };
        if moment.is_some() { Ok(moment) } else { self.wrong("time of RFC 3339 or milliseconds since 1970") }
    }

    /// Says that something else was expected here.
    ///
    /// # Errors
    /// Always.
    pub fn wrong<T>(&self, expected: &'static str) -> Result<T, Wrong> {
        let place = if self.place.is_empty() { "the whole answer".to_owned() } else { self.place.clone() };
        Err(Wrong { place, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn tells_where_it_is_wrong() {
        let value = parse(br#"{"records": [{"id": 1}, {"id": "x", "phones": "none"}]}"#).unwrap();
        let records = Node::root(&value).member("records").unwrap().required_list().unwrap();
        assert_eq!(records[0].member("id").unwrap().required_id(128).unwrap(), "1");
        let wrong = records[1].member("phones").unwrap().list().unwrap_err();
        assert_eq!(wrong, Wrong { place: "records[1].phones".to_owned(), expected: "list" });
        let wrong = Node::root(&value).member("more").unwrap().required_text().unwrap_err();
        assert_eq!(wrong.place, "more");
    }

    #[test]
    fn null_is_absent() {
        let value = parse(b"{\"name\": null}").unwrap();
        let name = Node::root(&value).member("name").unwrap();
        assert!(!name.is_there() && name.text().unwrap().is_none() && name.list().unwrap().is_empty());
        assert!(!Node::root(&Value::Null).is_there());
    }

    #[test]
    fn refuses_bodies_that_are_no_json() {
        let deep = [vec![b'['; 10_000], vec![b']'; 10_000]].concat();
        let bad: [&[u8]; 7] = [b"", b"<html>", b"{\"a\":", b"1e400", b"\"\xff\"", b"\xff\xfe{\0}\0", &deep];
        for body in bad {
            assert_eq!(parse(body).unwrap_err().expected, "JSON");
        }
        assert!(parse(b"\xEF\xBB\xBF{}").is_ok());
    }

    #[test]
    fn judges_whole_numbers() {
        let value = parse(br#"{"n": 7, "minus": -1, "float": 1.5, "text": "7"}"#).unwrap();
        let at = |name: &str| Node::root(&value).member(name).unwrap();
        assert_eq!((at("n").number().unwrap(), at("none").number().unwrap()), (Some(7), None));
        assert!(["minus", "float", "text"].into_iter().all(|name| at(name).number().is_err()));
    }

    #[test]
    fn judges_ids_flags_and_moments() {
        let value =
            parse(br#"{"float": 1.5, "empty": "", "line": "a\nb", "yes": true, "ms": 5, "minus": -5, "date": "1970-01-01T00:00:01Z"}"#)
                .unwrap();
        let at = |name: &str| Node::root(&value).member(name).unwrap();
        for bad in ["float", "empty", "line"] {
            assert!(at(bad).id(128).is_err(), "{bad}");
        }
        assert!(at("date").id(3).is_err());
        assert!(at("yes").flag().unwrap() && !at("none").flag().unwrap() && at("ms").flag().is_err());
        assert_eq!(at("ms").moment().unwrap(), Some(5));
        assert_eq!(at("date").moment().unwrap(), Some(1_000));
        assert!(at("minus").moment().is_err() && at("float").moment().is_err() && at("yes").moment().is_err());
    }
}

//! What a browser reads off a page: its forms, and what it says.

/// The value of an attribute, or its absence.
type Attributes = Vec<(String, String)>;

/// A page.
pub(super) struct Page {
    forms: Vec<Form>,
    text: String,
}

/// One form of it.
#[derive(Default)]
pub(super) struct Form {
    /// Where it is sent.
    pub(super) action: String,
    fields: Vec<Field>,
    buttons: Vec<Button>,
}

struct Field {
    name: String,
    value: String,
    /// What may be chosen; None: anything may be typed.
    options: Option<Vec<String>>,
}

struct Button {
    id: String,
    name: String,
    value: String,
}

impl Page {
    /// Reads the parts of HTML that our pages consist of: no scripts, every attribute in double quotes.
    pub(super) fn read(html: &str) -> Self {
        let mut page = Self { forms: Vec::new(), text: String::new() };
        let body = html.split_once("<body").map_or(html, |(_, body)| body);
        let mut inside = false;
        for piece in body.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
            let (kind, rest) = tag.split_once(|sign: char| sign.is_ascii_whitespace()).unwrap_or((tag, ""));
            page.text.push_str(text);
            page.text.push(' ');
            let attributes = attributes(rest);
            match kind {
                "form" => {
                    inside = true;
                    page.forms.push(Form { action: of(&attributes, "action"), ..Form::default() });
                }
                "/form" => inside = false,
                _ if inside => {
                    if let Some(form) = page.forms.last_mut() {
                        form.take(kind, &attributes);
                    }
                }
                _ => {}
            }
        }
        page
    }

    pub(super) fn form_with_button(&self, id: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.buttons.iter().any(|button| button.id == id))
    }

    pub(super) fn form_with_field(&self, name: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.fields.iter().any(|field| field.name == name))
    }

    /// What it says, in one line.
    pub(super) fn said(&self) -> String {
        unescaped(&self.text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

impl Form {
    fn take(&mut self, kind: &str, attributes: &Attributes) {
        let named = |name| of(attributes, name);
        match kind {
            "input" => self.fields.push(Field { name: named("name"), value: named("value"), options: None }),
            "select" => self.fields.push(Field { name: named("name"), value: String::new(), options: Some(Vec::new()) }),
            "option" => {
                if let Some(field) = self.fields.last_mut() {
                    let selected = attributes.iter().any(|(name, _)| name == "selected");
                    let options = field.options.get_or_insert_default();
                    if selected || options.is_empty() {
                        field.value = named("value");
                    }
                    options.push(named("value"));
                }
            }
            "button" => self.buttons.push(Button { id: named("id"), name: named("name"), value: named("value") }),
            _ => {}
        }
    }

    /// The fields with these values, as far as the form has such fields; the others as they stand.
    pub(super) fn filled(&self, values: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
        let mut fields = Vec::new();
        for field in &self.fields {
            let value = values.iter().find(|(name, _)| *name == field.name).map_or(field.value.as_str(), |(_, value)| value);
            if field.options.as_ref().is_some_and(|options| !options.iter().any(|option| option == value)) {
                return Err(format!("the page does not offer {value:?} for {}", field.name));
            }
            fields.push((field.name.clone(), value.to_owned()));
        }
        Ok(fields)
    }

    /// The fields as they stand, and a button.
    pub(super) fn pressed(&self, id: &str) -> Result<Vec<(String, String)>, String> {
        let button = self.buttons.iter().find(|button| button.id == id).ok_or_else(|| format!("the page has no button {id}"))?;
        let mut fields = self.filled(&[])?;
        fields.push((button.name.clone(), button.value.clone()));
        Ok(fields)
    }
}

fn of(attributes: &Attributes, name: &str) -> String {
    attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// `name="value"` and bare names.
fn attributes(mut text: &str) -> Attributes {
    let mut found = Vec::new();
    loop {
        text = text.trim_start();
        let end = text.find(|sign: char| sign == '=' || sign.is_ascii_whitespace()).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if name.is_empty() {
            return found;
        }
        let quoted = rest.strip_prefix("=\"").and_then(|rest| rest.split_once('"'));
        let (value, rest) = quoted.unwrap_or(("", rest.trim_start_matches('=')));
        found.push((name.to_owned(), unescaped(value)));
        text = rest;
    }
}

fn unescaped(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Page;

    const PAGE: &str = "<html><head><title>x</title></head><body><p>Who &amp; what?</p><form method=\"post\" action=\"/login\">
        <input type=\"hidden\" name=\"csrf\" value=\"a&quot;b&#x2f;\"><select id=\"u\" name=\"un\" required>
        <option value=\"ann\">Ann</option><option value=\"bob\" selected>Bob</option></select>
        <button id=\"no\" name=\"decision\" value=\"deny\">Deny</button><button id=\"yes\" name=\"decision\" value=\"allow\">Allow</button></form>
        <input name=\"outside\" value=\"1\"></body></html>";

    fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_is_sent_as_a_browser_would_send_it() {
        let page = Page::read(PAGE);
        let form = page.form_with_field("un").unwrap();
        assert_eq!(form.action, "/login");
        assert_eq!(form.filled(&[("un", "ann"), ("pw", "secret")]).unwrap(), pairs(&[("csrf", "a\"b/"), ("un", "ann")]));
        assert_eq!(form.pressed("yes").unwrap(), pairs(&[("csrf", "a\"b/"), ("un", "bob"), ("decision", "allow")]));
        assert!(page.said().starts_with("Who & what?"));
    }

    #[test]
    fn what_a_page_does_not_offer_is_not_sent() {
        let page = Page::read(PAGE);
        assert!(page.form_with_button("yes").unwrap().filled(&[("un", "eve")]).unwrap_err().contains("eve"));
        assert!(page.form_with_field("outside").is_none() && page.form_with_button("maybe").is_none());
    }
}

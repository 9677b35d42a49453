//! Templates of the call journal: `{{.Name}}` is replaced, everything else stays. No conditions, no functions, and values are
//! never looked through again.

/// What a template can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Start of the call.
    Time,
    /// How it went.
    CallLogStatus,
    /// The calling side.
    CallFrom,
    /// The called side.
    CallTo,
    /// The user's own talk time.
    TalkDuration,
}

impl Variable {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Time, Self::CallLogStatus, Self::CallFrom, Self::CallTo, Self::TalkDuration];

    /// As it is written in a template, without the dot.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "Time",
            Self::CallLogStatus => "Call_Log_Status",
            Self::CallFrom => "Call_From",
            Self::CallTo => "Call_To",
            Self::TalkDuration => "Talk_Duration",
        }
    }
}

/// Why a template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// There is no variable of this name; letter case counts.
    UnknownVariable(String),
    /// `{{` without `}}` on the same line.
    Unclosed,
    /// Between `{{` and `}}` stands something else than a dot and a name.
    NotAVariable(String),
    /// `}}` without `{{`.
    Unopened,
}

/// A template without faults; the default is the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(Variable),
}

impl Template {
    /// Reads a template, or tells all its faults, in their order.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let mut pieces = Vec::new();
        let mut faults = Vec::new();
        let mut place = Place { line: 1, column: 1 };
        let mut rest = text;
        while let Some(at) = next_braces(rest) {
            let (before, from) = split(rest, at);
            pieces.push(Piece::Text(before.to_owned()));
            place.pass(before);
            let (braces, behind) = split(from, 2);
            let mut taken = 2;
            if braces == "}}" {
                faults.push(place.fault(FaultKind::Unopened));
            } else if let Some((inside, _)) = behind.split_once("}}").filter(|(inside, _)| closes(inside)) {
                taken = inside.len() + 4;
                match judge(inside) {
                    Ok(variable) => pieces.push(Piece::Value(variable)),
                    Err(kind) => faults.push(place.fault(kind)),
                }
            } else {
                faults.push(place.fault(FaultKind::Unclosed));
            }
            let (passed, remaining) = split(from, taken);
            place.pass(passed);
            rest = remaining;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        if faults.is_empty() { Ok(Self { pieces }) } else { Err(faults) }
    }

    /// The text with its values.
    pub fn render(&self, value: impl Fn(Variable) -> String) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Value(variable) => value(*variable),
            })
            .collect()
    }
}

struct Place {
    line: u32,
    column: u32,
}

impl Place {
    fn pass(&mut self, text: &str) {
        for character in text.chars() {
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
    }

    fn fault(&self, kind: FaultKind) -> Fault {
        Fault { line: self.line, column: self.column, kind }
    }
}

fn next_braces(text: &str) -> Option<usize> {
    match (text.find("{{"), text.find("}}")) {
        (Some(opening), Some(closing)) => Some(opening.min(closing)),
        (opening, closing) => opening.or(closing),
    }
}

fn closes(inside: &str) -> bool {
    !inside.contains("{{") && !inside.contains('\n')
}

fn judge(inside: &str) -> Result<Variable, FaultKind> {
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let name = inside.strip_prefix('.').filter(is_name).ok_or_else(|| FaultKind::NotAVariable(inside.to_owned()))?;
    Variable::ALL.into_iter().find(|variable| variable.name() == name).ok_or_else(|| FaultKind::UnknownVariable(name.to_owned()))
}

fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(u32, u32, FaultKind)> {
        Template::parse(text).unwrap_err().into_iter().map(|f| (f.line, f.column, f.kind)).collect()
    }

    #[test]
    fn m_log_2_each_variable_works_in_its_spelling() {
        let text = "{{.Time}}|{{.Call_Log_Status}}|{{.Call_From}}|{{.Call_To}}|{{.Talk_Duration}}";
        let template = Template::parse(text).unwrap();
        assert_eq!(template.render(|variable| variable.name().to_owned()), "Time|Call_Log_Status|Call_From|Call_To|Talk_Duration");
    }

    #[test]
    fn m_log_2_values_are_not_looked_through_again() {
        let template = Template::parse("{{.Call_From}} {single} }").unwrap();
        assert_eq!(template.render(|_| "{{.Time}}".to_owned()), "{{.Time}} {single} }");
    }

    #[test]
    fn m_log_2_unknown_variable_is_refused_with_its_position() {
        assert_eq!(faults("呼入\r\n电话 {{.time}}"), [(2, 4, FaultKind::UnknownVariable("time".into()))]);
    }

    #[test]
    fn m_log_2_all_faults_are_told_at_once() {
        assert_eq!(
            faults("{{.Nope}}\n{{ .Time }} {{.Time}\n}} {{.Call_From {{.Time}} {{if .Time}}{{end}}"),
            [
                (1, 1, FaultKind::UnknownVariable("Nope".into())),
                (2, 1, FaultKind::NotAVariable(" .Time ".into())),
                (2, 13, FaultKind::Unclosed),
                (3, 1, FaultKind::Unopened),
                (3, 4, FaultKind::Unclosed),
                (3, 27, FaultKind::NotAVariable("if .Time".into())),
                (3, 39, FaultKind::NotAVariable("end".into())),
            ]
        );
        assert_eq!(faults("{{.}}"), [(1, 1, FaultKind::NotAVariable(".".into()))]);
        assert_eq!(faults("{.Time}}"), [(1, 7, FaultKind::Unopened)]);
        assert_eq!(faults("{{{.Time}}"), [(1, 1, FaultKind::NotAVariable("{.Time".into()))]);
    }
}

//! Which resources there are, and which verbs they take.

/// A resource below a version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Resource<'a> {
    /// `/`: which resources there are.
    Root,
    /// `/limits`
    Limits,
    /// `/query`, `/queryAll`
    Query {
        /// Deleted rows too.
        all: bool,
    },
    /// `/query/{locator}`, `/queryAll/{locator}`
    MoreRows(&'a str),
    /// `/search`
    Search,
    /// `/parameterizedSearch`
    ParameterizedSearch,
    /// `/sobjects`
    Objects,
    /// `/sobjects/{object}`
    Object(&'a str),
    /// `/sobjects/{object}/describe`
    Describe(&'a str),
    /// `/sobjects/{object}/updated`, `/sobjects/{object}/deleted`
    Changed {
        /// Its object.
        object: &'a str,
        /// Deleted ones.
        deleted: bool,
    },
    /// `/sobjects/{object}/{id}`
    Row {
        /// Its object.
        object: &'a str,
        /// Its id as given.
        id: &'a str,
    },
    /// `/sobjects/{object}/{field}/{value}`
    RowBy {
        /// Its object.
        object: &'a str,
        /// The field that identifies it.
        field: &'a str,
        /// The value of that field.
        value: &'a str,
    },
    /// `/composite`
    Composite,
    /// `/composite/batch`
    Batch,
    /// `/composite/sobjects`
    Collection,
    /// `/composite/sobjects/{object}`
    CollectionOf(&'a str),
    /// `/composite/sobjects/{object}/{field}`
    CollectionBy {
        /// Their object.
        object: &'a str,
        /// The field that identifies them.
        field: &'a str,
    },
    /// `/composite/graph`
    Graph,
    /// `/composite/tree/{object}`
    Tree(&'a str),
}

impl<'a> Resource<'a> {
    /// The resource at a path; None: there is no such thing (or the fake has it not, see its README).
    pub fn at(path: &'a [String]) -> Option<Self> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        Some(match *path.as_slice() {
            [] => Self::Root,
            ["limits"] => Self::Limits,
            ["query"] => Self::Query { all: false },
            ["queryAll"] => Self::Query { all: true },
            ["query" | "queryAll", locator] => Self::MoreRows(locator),
            ["search"] => Self::Search,
            ["parameterizedSearch"] => Self::ParameterizedSearch,
            ["sobjects"] => Self::Objects,
            ["sobjects", object] => Self::Object(object),
            ["sobjects", object, "describe"] => Self::Describe(object),
            ["sobjects", object, "updated"] => Self::Changed { object, deleted: false },
            ["sobjects", object, "deleted"] => Self::Changed { object, deleted: true },
            ["sobjects", object, id] => Self::Row { object, id },
            ["sobjects", object, field, value] => Self::RowBy { object, field, value },
            ["composite"] => Self::Composite,
            ["composite", "batch"] => Self::Batch,
            ["composite", "sobjects"] => Self::Collection,
            ["composite", "sobjects", object] => Self::CollectionOf(object),
            ["composite", "sobjects", object, field] => Self::CollectionBy { object, field },
            ["composite", "graph"] => Self::Graph,
            ["composite", "tree", object] => Self::Tree(object),
            _ => return None,
        })
    }

    /// The verbs that it takes, in the order in which refusals tell them.
    pub fn verbs(&self) -> &'static [&'static str] {
        match self {
            Self::Root
            | Self::Limits
            | Self::Query { .. }
            | Self::MoreRows(_)
            | Self::Search
            | Self::Objects
            | Self::Describe(_)
            | Self::Changed { .. } => &["HEAD", "GET"],
            Self::ParameterizedSearch | Self::Object(_) => &["HEAD", "GET", "POST"],
            Self::Row { .. } | Self::RowBy { .. } => &["HEAD", "GET", "PATCH", "DELETE"],
            Self::Composite | Self::Batch | Self::Graph | Self::Tree(_) => &["POST"],
            Self::Collection => &["DELETE", "PATCH", "POST"],
            Self::CollectionOf(_) => &["GET", "POST"],
            Self::CollectionBy { .. } => &["PATCH"],
        }
    }

    /// May it stand in a composite request (REST API guide, Composite)? Searches may not.
    pub fn in_composite(&self) -> bool {
        matches!(
            self,
            Self::Query { .. }
                | Self::MoreRows(_)
                | Self::Objects
                | Self::Object(_)
                | Self::Describe(_)
                | Self::Row { .. }
                | Self::RowBy { .. }
                | Self::Collection
                | Self::CollectionOf(_)
                | Self::CollectionBy { .. }
        )
    }

    /// May it stand in a graph (REST API guide, Composite Graph)? Rows only.
    pub fn in_graph(&self) -> bool {
        matches!(self, Self::Object(_) | Self::Row { .. } | Self::RowBy { .. })
    }

    /// Is it one of those of which a composite request takes five?
    pub fn is_query_or_collection(&self) -> bool {
        matches!(self, Self::Query { .. } | Self::MoreRows(_) | Self::Collection | Self::CollectionOf(_) | Self::CollectionBy { .. })
    }

    /// May it stand in a batch (REST API guide, Composite Batch)? Other composites may not.
    pub fn in_batch(&self) -> bool {
        !matches!(
            self,
            Self::Root
                | Self::Composite
                | Self::Batch
                | Self::Graph
                | Self::Tree(_)
                | Self::Collection
                | Self::CollectionOf(_)
                | Self::CollectionBy { .. }
        )
    }
}

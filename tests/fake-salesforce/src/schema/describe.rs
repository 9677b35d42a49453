//! What `describe` tells about an object, in the shape of recorded describes.

use serde_json::{Value as Json, json};

use super::{CHILD_RELATIONSHIPS, Field, FieldKind, ObjectType};

/// An object as the list of all objects (`/sobjects`) shows it. `version`: such as "66.0".
#[must_use]
pub fn describe_brief(object: &ObjectType, version: &str) -> Json {
    let own = format!("/services/data/v{version}/sobjects/{}", object.name);
    let row = format!("{own}/{{ID}}");
    let description = format!("{own}/describe");
    let mut urls = json!({"rowTemplate": row, "describe": description, "sobject": own});
    if object.deletable
        && let Some(urls) = urls.as_object_mut()
    {
        for resource in ["compactLayouts", "approvalLayouts", "layouts"] {
            urls.insert(resource.to_owned(), format!("{description}/{resource}").into());
        }
        for resource in ["listviews", "quickActions"] {
            urls.insert(resource.to_owned(), format!("{own}/{resource}").into());
        }
    }
    json!({
        "activateable": false,
        "associateEntityType": null,
        "associateParentEntity": null,
        "createable": object.writable,
        "custom": false,
        "customSetting": false,
        "deepCloneable": false,
        "deletable": object.deletable,
        "deprecatedAndHidden": false,
        "feedEnabled": object.deletable,
        "hasSubtypes": false,
        "isInterface": false,
        "isSubtype": false,
        "keyPrefix": object.prefix,
        "label": object.label,
        "labelPlural": object.label_plural,
        "layoutable": object.writable,
        "mergeable": object.deletable && object.name != "Task",
        "mruEnabled": object.writable,
        "name": object.name,
        "queryable": true,
        "replicateable": object.writable,
        "retrieveable": true,
        "searchable": object.searchable,
        "triggerable": object.writable,
        "undeletable": object.deletable,
        "updateable": object.writable,
        "urls": urls,
    })
}

/// Everything about an object. `instance`: the address under which a browser finds the org's pages, without a slash at its end.
#[must_use]
pub fn describe(object: &ObjectType, version: &str, instance: &str) -> Json {
    let mut whole = describe_brief(object, version);
    let Some(told) = whole.as_object_mut() else { return whole };
    if let Some(urls) = told.get_mut("urls").and_then(Json::as_object_mut) {
        urls.insert("uiDetailTemplate".to_owned(), format!("{instance}/{{ID}}").into());
        urls.insert("uiEditTemplate".to_owned(), format!("{instance}/{{ID}}/e").into());
        urls.insert("uiNewRecord".to_owned(), format!("{instance}/{}/e", object.prefix).into());
    }
    let more = json!({
        "actionOverrides": [],
        "childRelationships": children(object),
        "compactLayoutable": object.deletable,
        "defaultImplementation": null,
        "extendedBy": null,
        "extendsInterfaces": null,
        "fields": object.fields.iter().map(field).collect::<Vec<_>>(),
        "implementedBy": null,
        "implementsInterfaces": null,
        "listviewable": null,
        "lookupLayoutable": null,
        "namedLayoutInfos": [],
        "networkScopeFieldName": null,
        "recordTypeInfos": [{
            "active": true,
            "available": true,
            "defaultRecordTypeMapping": true,
            "developerName": "Master",
            "master": true,
            "name": "Master",
            "recordTypeId": "012000000000000AAA",
            "urls": {"layout": format!("/services/data/v{version}/sobjects/{}/describe/layouts/012000000000000AAA", object.name)},
        }],
        "searchLayoutable": object.searchable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": format!("All {}", object.label_plural.to_lowercase()), "name": "everything"}],
    });
    if let Json::Object(more) = more {
        told.extend(more);
    }
    whole
}

/// Which objects point to this one by a relationship that SOQL can follow.
fn children(object: &ObjectType) -> Vec<Json> {
    let own = CHILD_RELATIONSHIPS.iter().filter(|(parent, ..)| *parent == object.name);
    own.map(|(_, name, child, reference)| {
        json!({
            "cascadeDelete": false,
            "childSObject": child,
            "deprecatedAndHidden": false,
            "field": reference,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": name,
            "restrictedDelete": false,
        })
    })
    .collect()
}

/// Properties of a field that are false for every field of the fake.
const NEVER: &[&str] = &[
    "aiPredictionField",
    "autoNumber",
    "calculated",
    "cascadeDelete",
    "caseSensitive",
    "dependentPicklist",
    "deprecatedAndHidden",
    "displayLocationInDecimal",
    "encrypted",
    "formulaTreatNullNumberAsZero",
    "highScaleNumber",
    "htmlFormatted",
    "queryByDistance",
    "restrictedDelete",
    "writeRequiresMasterRead",
];
/// Properties of a field that are empty for every field of the fake.
const NOTHING: &[&str] = &[
    "calculatedFormula",
    "controllerName",
    "defaultValueFormula",
    "filteredLookupInfo",
    "inlineHelpText",
    "mask",
    "maskType",
    "referenceTargetField",
    "relationshipOrder",
];

fn field(field: &Field) -> Json {
    let mut told = json!({
        "aggregatable": field.filterable && field.kind != FieldKind::Boolean,
        "byteLength": if matches!(field.kind, FieldKind::Id | FieldKind::Reference) { field.length } else { field.length * 3 },
        "compoundFieldName": field.part_of,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": if field.kind == FieldKind::Boolean { json!(false) } else { Json::Null },
        "defaultedOnCreate": field.defaulted,
        "digits": field.digits,
        "externalId": field.external_id,
        "extraTypeInfo": field.part_of.filter(|whole| *whole == "Name").map(|_| "personname"),
        "filterable": field.filterable,
        "groupable": field.groupable(),
        "idLookup": field.id_lookup,
        "label": field.label,
        "length": field.length,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": field.reference_to.len() > 1,
        "nillable": field.nillable,
        "permissionable": field.nillable && field.createable,
        "picklistValues": values(field),
        "polymorphicForeignKey": field.reference_to.len() > 1,
        "precision": if field.kind == FieldKind::Double { 18 } else { 0 },
        "referenceTo": field.reference_to,
        "relationshipName": field.relationship,
        "restrictedPicklist": field.kind == FieldKind::Picklist { restricted: true },
        "scale": 0,
        "searchPrefilterable": field.kind == FieldKind::Reference,
        "soapType": soap_type(field.kind),
        "sortable": field.sortable,
        "type": type_name(field.kind),
        "unique": field.external_id || field.name == "Username",
        "updateable": field.updateable,
    });
    if let Some(told) = told.as_object_mut() {
        told.extend(NEVER.iter().map(|key| ((*key).to_owned(), Json::Bool(false))));
        told.extend(NOTHING.iter().map(|key| ((*key).to_owned(), Json::Null)));
    }
    told
}

fn values(field: &Field) -> Vec<Json> {
    let value = |(value, default): &(&str, bool)| json!({"active": true, "defaultValue": default, "label": value, "validFor": null, "value": value});
    field.picklist.iter().map(value).collect()
}

fn type_name(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Id => "id",
        FieldKind::String => "string",
        FieldKind::Phone => "phone",
        FieldKind::Email => "email",
        FieldKind::Url => "url",
        FieldKind::TextArea => "textarea",
        FieldKind::Picklist { .. } => "picklist",
        FieldKind::Combobox => "combobox",
        FieldKind::Boolean => "boolean",
        FieldKind::Int => "int",
        FieldKind::Double => "double",
        FieldKind::Date => "date",
        FieldKind::DateTime => "datetime",
        FieldKind::Reference => "reference",
    }
}

fn soap_type(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Id | FieldKind::Reference => "tns:ID",
        FieldKind::Boolean => "xsd:boolean",
        FieldKind::Int => "xsd:int",
        FieldKind::Double => "xsd:double",
        FieldKind::Date => "xsd:date",
        FieldKind::DateTime => "xsd:dateTime",
        _ => "xsd:string",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]
mod tests {
    use super::{describe, describe_brief};
    use crate::schema::standard_objects;

    #[test]
    fn a_describe_tells_what_clients_read_before_they_write() {
        let objects = standard_objects();
        let contact = objects.iter().find(|object| object.name == "Contact").unwrap();
        let told = describe(contact, "66.0", "https://acme.example");
        assert_eq!(told["keyPrefix"], "003");
        let tasks = told["childRelationships"].as_array().unwrap().iter().find(|child| child["relationshipName"] == "Tasks").unwrap();
        assert_eq!((&tasks["childSObject"], &tasks["field"]), (&"Task".into(), &"WhoId".into()));
        assert_eq!(told["urls"]["rowTemplate"], "/services/data/v66.0/sobjects/Contact/{ID}");
        assert_eq!(told["urls"]["uiDetailTemplate"], "https://acme.example/{ID}");
        let field = |name: &str| told["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).cloned().unwrap();
        assert_eq!((field("LastName")["length"].as_u64(), field("LastName")["nillable"].as_bool()), (Some(80), Some(false)));
        assert_eq!((field("Phone")["type"].as_str(), field("Phone")["filterable"].as_bool()), (Some("phone"), Some(true)));
        assert_eq!(field("Description")["filterable"], false);
        assert_eq!(field("Email")["idLookup"], true);
        assert_eq!(field("Phone")["idLookup"], false);
        assert_eq!(field("AccountId")["referenceTo"][0], "Account");
        assert_eq!(field("Name")["createable"], false);
    }

    #[test]
    fn the_brief_form_has_no_fields() {
        for object in standard_objects() {
            let told = describe_brief(&object, "50.0");
            assert_eq!(told["name"], object.name);
            assert!(told.get("fields").is_none());
        }
    }
}

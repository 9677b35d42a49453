use pbx_connector_kit::{
    Request,
    context::Context,
    types::{Failure, Usage},
};

use crate::{Salesforce, api, bindings::exports::pbx::crm::allowance::Guest, exchange::Exchange};

impl Guest for Salesforce {
    fn read(context: Context) -> Result<Usage, Failure> {
        // Every answer tells it in a header. The resource made for it costs as much and is for users alone who may see the setup.
        let mut exchange = Exchange::new(&context);
        let answer = exchange.ask(&Request::get(api::ROOT.to_owned()));
        exchange.settle(answer)?;
        Ok(exchange.usage())
    }
}

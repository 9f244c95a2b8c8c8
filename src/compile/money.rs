//! Prices, and what requests bring: one currency a file.

use super::Compiler;
use crate::diagnostic::{Diagnostic, Span};
use crate::ids::PlaceId;
use crate::model::{Business, PlaceKind, Prices};
use crate::spec::decode::At;
use crate::spec::quantity::{Bytes, Cost, Money, Per};

impl Compiler<'_> {
    /// Enters the prices of a place.
    pub(super) fn prices(&mut self, place: PlaceId, cost: &At<Cost>) {
        let kind = self.model.places[place.index()].kind;
        if cost.value.0.is_empty() && self.whole {
            self.error(cost.span, "a list without prices", "expected a price such as `0.17 $/h`");
        }
        let mut prices = Prices::default();
        for price in &cost.value.0 {
            let money = &price.value.money;
            self.currency(money, price.span);
            prices.currency.clone_from(&money.currency);
            let sum = match price.value.per {
                Per::Hour => &mut prices.per_hour,
                Per::Call => &mut prices.per_call,
                Per::Byte => &mut prices.per_byte,
                Per::ByteHour => &mut prices.per_byte_hour,
            };
            *sum += money.amount;
            self.fits(kind, price.value.per, price.span);
        }
        self.model.places[place.index()].prices = Some(prices);
    }

    /// Sees that a place of this kind has what a price is for.
    fn fits(&mut self, kind: PlaceKind, per: Per, span: Span) {
        let noun = super::names::noun(kind);
        match (per, kind) {
            (Per::Byte, PlaceKind::Link) | (Per::Hour | Per::Call, _) => {}
            (Per::ByteHour, PlaceKind::Cache | PlaceKind::Database) => {}
            (Per::Byte, _) => {
                let message = format!("a price for bytes carried on {} {noun}", article(kind));
                self.sink.push(
                    Diagnostic::error(span, message)
                        .label("only links carry bytes")
                        .help("put the price on a link, and send over it with `transfer`"),
                );
            }
            (Per::ByteHour, _) => {
                let message = format!("a price for bytes kept on {} {noun}", article(kind));
                self.error(span, message, "only databases and caches keep any");
            }
        }
    }

    /// Enters how many bytes a place keeps: `copies` times what is stated.
    pub(super) fn keeps(
        &mut self,
        place: PlaceId,
        size: Option<&At<Bytes>>,
        cost: Option<&At<Cost>>,
        copies: u64,
    ) {
        let priced = cost.into_iter().flat_map(|cost| &cost.value.0);
        let price = priced.into_iter().find(|price| price.value.per == Per::ByteHour);
        match (size, price) {
            (None, None) => {}
            (Some(size), None) if self.whole => self.sink.push(
                Diagnostic::warning(size.span, "`size` has no effect without a price for it")
                    .help("say what it costs: `cost: [0.50 $/h, 0.10 $/GiB/month]`"),
            ),
            (None, Some(price)) if self.whole => {
                let message = "a price for bytes kept, without `size`";
                self.error(price.span, message, "expected how much it holds: `size: 200GiB`");
            }
            _ => {}
        }
        if let (Some(size), Some(prices)) = (size, &mut self.model.places[place.index()].prices) {
            prices.kept_bytes = size.value.0 * copies as f64;
        }
    }

    /// All money of a file is of one currency, or nothing could be added up.
    pub(super) fn currency(&mut self, money: &Money, span: Span) {
        self.currency_of(&money.currency, span);
    }

    /// As [`Self::currency`].
    pub(super) fn currency_of(&mut self, currency: &str, span: Span) {
        match &self.money {
            None => self.money = Some((currency.to_owned(), span)),
            Some((first, _)) if first == currency => {}
            Some((first, at)) => {
                let message = format!("money in `{currency}` and in `{first}`");
                self.sink.push(
                    Diagnostic::error(span, message)
                        .label(format!("expected `{first}`, as before"))
                        .other(*at, "the first price"),
                );
            }
        }
    }

    /// Compiles `business`.
    pub(super) fn business(&mut self) {
        let Some(business) = &self.spec.business else { return };
        let it = &business.value;
        let endpoint = match &it.of {
            None => None,
            Some(name) => match self.asked_endpoint(name) {
                None => return,
                endpoint => endpoint,
            },
        };
        let (Some(revenue), Some(slope)) = (&it.revenue_per_request, &it.conversion_per_100ms) else {
            return;
        };
        self.currency(&revenue.value.0, revenue.span);
        if slope.value.0 > 0.0 {
            self.sink.push(
                Diagnostic::error(slope.span, "slower answers that sell more")
                    .label("expected a loss such as `-1%`")
                    .help("the change of revenue with every 100 ms that an answer takes longer"),
            );
        }
        self.model.business = Some(Business {
            currency: revenue.value.0.currency.clone(),
            revenue_per_request: revenue.value.0.amount,
            lost_per_100ms: slope.value.0.abs(),
            endpoint,
            reference_s: it.reference.as_ref().map(|reference| reference.value.0),
        });
    }
}

fn article(kind: PlaceKind) -> &'static str {
    if kind == PlaceKind::External { "an" } else { "a" }
}

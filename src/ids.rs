//! Indices into the tables of a compiled model, each with a type of its own.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in its table.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A load group.
    GroupId,
    /// One kind of request: a group and the endpoint it asks for.
    RequestId,
    /// Anything that can be waited for: a service, cache, database, pool.
    PlaceId,
    /// One replica of a place.
    MemberId,
    /// One resource of one member: its workers, its cores, its connections.
    StationId,
    /// An endpoint of a place.
    EndpointId,
    /// A choice among members.
    BalancerId,
    /// A call as written in a program: target, timeout, retries.
    SiteId,
    /// A distribution of times or counts.
    DistId,
    /// A weighted choice.
    TableId,
    /// A draw of the key that a step is about.
    KeyId,
    /// The versions of the keys of a database or behind a cache.
    VersionsId,
    /// A cache that knows its keys.
    StoreId,
}

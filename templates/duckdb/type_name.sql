select typeof(cast(null as {{type}}))

The stage becomes the table, with what stood on the one before.

-- publish when: the relation is made anew
{% include "swap/0/0" %};
{% include "indexes/0/0" %};

"""Stage credit: all that concerns a tenant's money as a whole, keyed `tenant|`: the purse, and the invoices."""

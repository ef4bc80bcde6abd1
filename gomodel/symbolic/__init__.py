"""Z3: bounded model checking, induction, and proofs for any size."""

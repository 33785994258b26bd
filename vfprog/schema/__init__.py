"""Dictionary, rules, registry tables, patient form and endpoints: what the words mean."""

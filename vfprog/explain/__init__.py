"""What the models rely on: exact contributions as long tables and shap objects."""

"""What training calls of mlflow-skinny 3.17, which is in no environment but training's."""
